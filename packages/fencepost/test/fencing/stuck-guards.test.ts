import { fencepost } from 'fencepost'
import { afterAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
await database.admin.query('create table effects (name text, who text)')
afterAll(() => database[Symbol.asyncDispose]())

const effects = async (name: string) => {
  const { rows } = await database.admin.query<{ who: string }>('select who from effects where name = $1', [name])
  return rows.map(({ who }) => who)
}
const loseLock = (name: string) =>
  database.admin.query('select pg_terminate_backend(backend) from fencepost.who($1)', [name])

/** A process in a transaction that has passed the guard of `name`. */
async function guarded(name: string, freezeTimeout: '1s' | '60s' = '1s'): Promise<Remote> {
  const remote = await Remote.start(database.url, { freezeTimeout })
  await remote.call('lock', name)
  await remote.call('beginWrite', name, 'select 1')
  await remote.call('guard', name)
  return remote
}

async function inCopy(name: string): Promise<Remote> {
  const remote = await guarded(name)
  await remote.call('copy', name, 'effects')
  await remote.call('copyChunk', name, `${name}\tzombie\n`)
  return remote
}

async function inPipeline(name: string): Promise<Remote> {
  const remote = await guarded(name)
  await remote.call('pipeline', name, `insert into effects values ('${name}', 'zombie')`)
  return remote
}

// All at once: they mostly wait for limits to pass.
describe.concurrent('FAULTS 1: a guarded transaction', () => {
  test.each([
    ['COPY FROM STDIN (H7 b)', 'copy', inCopy, 'copyEnd'],
    ['a pipeline without Sync (H7 d)', 'pipeline', inPipeline, 'commit'],
  ] as const)(
    'P3, P4: frozen inside %s does not keep the next waiting, and never commits',
    async (_, name, begin, goOn) => {
      await using zombie = await begin(name)
      await using fp = fencepost(database.url, { freezeTimeout: '1s' })
      zombie.freeze()
      await using next = await fp.lock(name, { wait: '30s' })
      await next.transaction((tx) => tx.query(`insert into effects values ('${name}', 'next')`))
      zombie.thaw()
      await expect(zombie.call(goOn, name)).rejects.toThrow(/terminat|not queryable|ECONNRESET|EPIPE/)
      expect(await effects(name)).toEqual(['next'])
    },
  )

  test('P4: frozen while a result streams to it does not keep the next waiting (H7 c)', async () => {
    await using zombie = await guarded('streaming')
    await using fp = fencepost(database.url, { freezeTimeout: '1s' })
    const streams = async (wait: string) => {
      const text = `select from pg_stat_activity where query like 'select repeat%' and state = 'active' and ${wait}`
      return (await database.admin.query(text)).rowCount
    }
    void zombie.call('query', 'streaming', `select repeat('x', 100000) from generate_series(1, 100000)`).catch(() => {})
    await eventually(() => streams('true'))
    zombie.freeze()
    await eventually(() => streams(`wait_event = 'ClientWrite'`))
    await using next = await fp.lock('streaming', { wait: '60s' })
    expect(next.token).toBeGreaterThan(0)
  })

  test('P4: that is stuck is ended by waits that are each shorter than freezeTimeout, between them', async () => {
    await using zombie = await inCopy('short')
    await using fp = fencepost(database.url, { freezeTimeout: '2s' })
    zombie.freeze()
    await using next = await eventually(() => fp.lock('short', { wait: '900ms' }).catch(() => null))
    expect(next.token).toBeGreaterThan(0)
    expect(await effects('short')).toEqual([])
  })

  test('P4: that is stuck is ended also by a wait that has no connection of its own', async () => {
    await using zombie = await inCopy('no lane')
    await using fp = fencepost(database.url, { freezeTimeout: '1s', maxConnections: 1 })
    zombie.freeze()
    await using next = await fp.lock('no lane', { wait: '30s' })
    expect(next.token).toBeGreaterThan(0)
    expect(await effects('no lane')).toEqual([])
  })

  test.each([
    ['COPY', 'slow copy', inCopy, ['copyChunk', 'slow copy\ton\n'], 'copyEnd'],
    ['pipeline', 'slow pipeline', inPipeline, ['pipelineMore', `insert into effects values ('slow pipeline')`], 'sync'],
  ] as const)(
    'P3: whose %s goes on, however slowly, is not ended, and the next holder sees all of it',
    async (_, name, begin, [goOn, what], end) => {
      await using slow = await begin(name)
      await using fp = fencepost(database.url, { freezeTimeout: '2s' })
      await loseLock(name)
      const next = fp.lock(name, { wait: '60s' })
      for (let i = 1; i <= 20; i++) {
        // The chunks are the event that is waited for: 20 of them take three times freezeTimeout.
        await new Promise((resolve) => setTimeout(resolve, 300))
        await slow.call(goOn, name, what)
      }
      await slow.call(end, name)
      await slow.call('commit', name)
      await using lock = await next
      expect(lock.token).toBeGreaterThan(0)
      expect(await effects(name)).toHaveLength(21)
    },
  )

  test('that is idle between statements is left to its own limit, which may be longer', async () => {
    await using idle = await guarded('idle', '60s')
    await using fp = fencepost(database.url, { freezeTimeout: '1s' })
    await loseLock('idle')
    await expect(fp.lock('idle', { wait: '4s' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await idle.call('commit', 'idle')
  })

  test('that is to be ended is looked at once more: it is still at that gate and has not gone on', async () => {
    await using stuck = await inCopy('again')
    const gates = `select fencepost.gate('again') as gate, fencepost.gate('another') as other`
    const [{ gate, other }] = (await database.admin.query(gates)).rows
    // A chunk is sent before the server has read it.
    const readAfter = async (text: string) =>
      await eventually(async () => {
        const question = 'select backend, progress from fencepost.stuck_guards($1)'
        const { rows } = await database.admin.query<{ backend: number; progress: string }>(question, [gate])
        return rows.find(({ progress }) => progress.endsWith(` ${text.length}`))
      })
    const end = async (at: string, { backend, progress }: { backend: number; progress: string }) =>
      (await database.admin.query('select fencepost.end_stuck_guard($1, $2, $3) as done', [at, backend, progress])).rows
    const seen = await readAfter('again\tzombie\n')
    expect(await end(other, seen)).toEqual([{ done: false }])
    await stuck.call('copyChunk', 'again', 'again\ton\n')
    const later = await readAfter('again\tzombie\nagain\ton\n')
    expect(await end(gate, seen)).toEqual([{ done: false }])
    expect(await end(gate, later)).toEqual([{ done: true }])
    await eventually(async () => (await end(gate, later))[0]?.done === false)
  })

  test('that is stuck is ended by nobody who has no freezeTimeout', async () => {
    await using stuck = await inPipeline('patient')
    await using fp = fencepost(database.url, { freezeTimeout: false })
    await loseLock('patient')
    await expect(fp.lock('patient', { wait: '4s' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await stuck.call('sync', 'patient')
    await stuck.call('commit', 'patient')
    await using next = await fp.lock('patient', { wait: '30s' })
    expect(next.token).toBeGreaterThan(0)
    expect(await effects('patient')).toEqual(['zombie'])
  })

  test('that is stuck is waited for by whoever may see but not end it', async () => {
    const role = `watcher_${process.pid}`
    await database.admin.query(`create role ${role} login password 'x' in role pg_read_all_stats;
      grant usage on schema fencepost to ${role};
      grant select, insert, update, delete on all tables in schema fencepost to ${role};
      grant usage, select, update on all sequences in schema fencepost to ${role}`)
    try {
      await using stuck = await inCopy('watched')
      await using fp = fencepost(database.as(role, 'x'), { freezeTimeout: '1s' })
      await loseLock('watched')
      await expect(fp.lock('watched', { wait: '4s' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
      const next = fp.lock('watched', { wait: '30s' })
      await stuck.kill()
      expect((await next).token).toBeGreaterThan(0)
    } finally {
      await database.admin.query(`drop owned by ${role}; drop role ${role}`)
    }
  })
})
