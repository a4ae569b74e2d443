import { fencepost } from 'fencepost'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { isGateOpen, untilAtGate, untilGateClosed } from './gates.ts'
import { PlainClient } from './plain-client.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table effects (name text, who text)'))
afterAll(() => database[Symbol.asyncDispose]())

const effects = async (name: string) => {
  const { rows } = await database.admin.query<{ who: string }>('select who from effects where name = $1', [name])
  return rows.map(({ who }) => who)
}
const write = (name: string, who: string) => `insert into effects values ('${name}', '${who}')`

test.each(['read committed', 'repeatable read', 'serializable'] as const)(
  'FAULTS 1, P3: a holder frozen with an open %s transaction is ended after the grace, and its commit on waking is refused',
  async (isolation) => {
    const name = `frozen at ${isolation}`
    await using zombie = await Remote.start(database.url)
    await using fp = fencepost(database.url)
    const token = await zombie.call<number>('lock', name)
    await zombie.call('beginWrite', name, write(name, 'zombie'), isolation)
    zombie.freeze()
    expect(await fp.evict(name, { grace: '500ms' })).toMatchObject({ outcome: 'terminated', token })
    await using next = await fp.lock(name, { wait: '30s' })
    await next.transaction((tx) => tx.query(write(name, 'next')))
    zombie.thaw()
    await expect(zombie.call('guard', name)).rejects.toMatchObject({ code: 'STALE_TOKEN', cause: 'LK001' })
    await zombie.kill()
    expect(await effects(name)).toEqual(['next'])
  },
)

test('P3: a guarded transaction in flight ends before evict returns, and whoever is next sees it', async () => {
  await using holder = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await holder.call('lock', 'in flight')
  await holder.call('beginWrite', 'in flight', write('in flight', 'committed'))
  await holder.call('guard', 'in flight')
  const evicting = fp.evict('in flight', { grace: '60s' })
  await untilAtGate(database.admin, 'in flight', 'exclusive')
  await holder.call('commit', 'in flight')
  expect(await evicting).toMatchObject({ outcome: 'released' })
  expect(await effects('in flight')).toEqual(['committed'])
  expect(await holder.call('lost', 'in flight')).toBe(true)
})

test('P3: a guard that comes while its holder is being evicted waits, and is refused', async () => {
  await using client = await PlainClient.connect(database.url)
  await using writer = await PlainClient.connect(database.url)
  await using fp = fencepost(database.url)
  const [row] = (await client.query(`call fencepost.lock('comes')`)).rows
  await writer.query('begin')
  await writer.query(write('comes', 'late'))
  const evicting = fp.evict('comes', { grace: '60s' })
  await untilGateClosed(database.admin, 'comes')
  const guarding = expect(writer.query(`select fencepost.guard('comes', $1)`, [row.token])).rejects.toMatchObject({
    code: 'LK001',
  })
  await untilAtGate(database.admin, 'comes', 'shared')
  await client.query(`select fencepost.unlock('comes')`)
  expect(await evicting).toMatchObject({ outcome: 'released' })
  await guarding
  await writer.query('rollback')
})

test('P3: a guarded transaction that sits idle does not keep the name: it is ended after the grace, and writes nothing (H16 b)', async () => {
  await using holder = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await holder.call('lock', 'idle')
  await holder.call('lock', 'idle kept')
  await holder.call('beginWrite', 'idle', write('idle', 'idle'))
  await holder.call('guard', 'idle')
  expect(await fp.evict('idle', { grace: '500ms' })).toMatchObject({ outcome: 'terminated' })
  await using next = await fp.lock('idle', { wait: '30s' })
  expect(next.token).toBeGreaterThan(0)
  await expect(holder.call('commit', 'idle')).rejects.toThrow(/terminat|not queryable/)
  expect(await effects('idle')).toEqual([])
  // Its process answered, so what else it holds stays.
  expect(await holder.call('lost', 'idle kept')).toBe(false)
})

test('a lock that is held by a transaction is waited for, and ended with it after the grace', async () => {
  for (const [grace, outcome] of [
    ['60 s', 'released'],
    ['300 ms', 'terminated'],
  ] as const) {
    await using client = await PlainClient.connect(database.url)
    await client.query('begin')
    const [row] = (await client.query(`select fencepost.lock_in_transaction('tx') as token`)).rows
    const evicting = database.admin.query(`call fencepost.evict('tx', grace => '${grace}')`)
    await untilAtGate(database.admin, 'tx', 'exclusive')
    if (outcome === 'released') await client.query('commit')
    expect((await evicting).rows).toMatchObject([{ outcome, token: row.token }])
    await eventually(async () => client.isOver === (outcome === 'terminated'))
    expect(await isGateOpen(database.admin, 'tx')).toBe(true)
  }
})
