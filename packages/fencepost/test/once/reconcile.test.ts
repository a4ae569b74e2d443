import { fencepost, type OnceRecord, type Verdict } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { PlainClient } from '../eviction/plain-client.ts'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'
import { createEffects, effectsOf, stateOf } from './effects.ts'

const database = await cloneDatabase()
await createEffects(database.admin)
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be run')
}

/** Kills a process in the middle of the runs of these keys. */
async function leaveUncertain(...keys: string[]): Promise<void> {
  await using killed = await Remote.start(database.url)
  for (const key of keys) {
    void killed.call('onceUntilFinished', key).catch(() => {})
    await eventually(async () => (await effectsOf(database.admin, key)).length > 0)
  }
  await killed.kill()
  await using fp = fencepost(database.url)
  await eventually(async () => (await fp.reconcile()).length >= keys.length)
}

test('once: what nobody runs any more is listed as uncertain, the oldest first, and what somebody runs is not', async () => {
  await using fp = fencepost(database.url)
  await fp.once('alive', async () => {
    await leaveUncertain('one', 'two')
    expect(await fp.reconcile()).toMatchObject([
      { key: 'one', state: 'uncertain', attempt: 1, settledAt: null },
      { key: 'two', state: 'uncertain', attempt: 1, settledAt: null },
    ])
  })
  const { rows } = await database.admin.query(`select key, state from fencepost.once order by key`)
  expect(rows).toEqual([
    { key: 'alive', state: 'done' },
    { key: 'one', state: 'uncertain' },
    { key: 'two', state: 'uncertain' },
  ])

  const done = await fp.reconcile({ key: 'one', as: 'done', result: { paid: 5 } })
  expect(done).toMatchObject({ key: 'one', state: 'done', result: { paid: 5 }, settledAt: expect.any(Date) })
  expect(await fp.once('one', never)).toEqual({ paid: 5 })
  await fp.reconcile({ key: 'two', as: 'failed', error: 'the provider has never heard of it' })
  await expect(fp.once('two', never)).rejects.toMatchObject({
    code: 'ONCE_FAILED',
    message: expect.stringContaining('never heard of it'),
  })
  expect(await fp.reconcile()).toEqual([])
  const [before] = await effectsOf(database.admin, 'two')
  expect(await fp.reconcile({ key: 'two', as: 'retry' })).toMatchObject({ state: 'retry', error: null })
  const again = await fp.once('two', ({ attempt, idempotencyKey }) => ({ attempt, idempotencyKey }))
  expect(again).toEqual({ attempt: 2, idempotencyKey: before?.idempotency_key })
})

test('once: to settle twice, what is done, or nothing at all, changes nothing', async () => {
  await using fp = fencepost(database.url)
  await fp.once('settled', () => 'mine')
  const before = await fp.reconcile({ key: 'settled', as: 'retry' })
  expect(before).toMatchObject({ state: 'done', result: 'mine' })
  expect(await fp.reconcile({ key: 'settled', as: 'done', result: 'yours' })).toEqual(before)
  expect(await fp.reconcile({ key: 'never begun', as: 'done' })).toBeNull()
  await leaveUncertain('twice')
  const first = await fp.reconcile({ key: 'twice', as: 'failed', error: 'first' })
  expect(await fp.reconcile({ key: 'twice', as: 'failed', error: 'second' })).toEqual(first)
})

test('once: a function is asked for each, and one that cannot be settled keeps none of the others', async () => {
  await leaveUncertain('a', 'b', 'c', 'd', 'e')
  await using fp = fencepost(database.url)
  const verdicts = new Map<string, () => Verdict>([
    ['a', () => 'done'],
    ['b', () => 'uncertain'],
    ['c', () => ({ as: 'failed', error: 'no', retention: '90d' })],
    [
      'd',
      () => {
        throw new Error('the provider is down')
      },
    ],
    ['e', () => 'retry'],
  ])
  const asked: OnceRecord[] = []
  const { settled, left } = await fp.reconcile((uncertain) => {
    asked.push(uncertain)
    return verdicts.get(uncertain.key)?.() ?? 'uncertain'
  })
  expect(asked.map(({ key, state }) => [key, state])).toEqual([...verdicts.keys()].map((key) => [key, 'uncertain']))
  expect(settled.map(({ key, state }) => [key, state])).toEqual([
    ['a', 'done'],
    ['c', 'failed'],
    ['e', 'retry'],
  ])
  expect(left).toMatchObject([
    { record: { key: 'b' } },
    { record: { key: 'd' }, why: { message: 'the provider is down' } },
  ])
  expect(await fp.reconcile(() => ({ as: 'nonsense' }) as never)).toMatchObject({
    settled: [],
    left: [{ record: { key: 'b' }, why: expect.any(TypeError) }, { record: { key: 'd' } }],
  })
  expect((await fp.reconcile(() => 'done')).settled).toHaveLength(2)
})

test('once: a call that comes while somebody asks waits for the verdict, and a run under way cannot be settled', async () => {
  await leaveUncertain('race')
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const asked = deferred()
  const verdict = deferred<Verdict>()
  const reconciled = fp.reconcile(async () => {
    asked.resolve()
    return await verdict.promise
  })
  await asked.promise
  // Known as running until somebody marks it, so it stands in line.
  const call = other.once('race', ({ attempt }) => attempt)
  await untilInLine(database.admin, 'race', 1)
  expect(await other.reconcile(never)).toMatchObject({
    settled: [],
    left: [{ record: { key: 'race' }, why: { code: 'ONCE_BUSY' } }],
  })
  verdict.resolve('retry')
  expect((await reconciled).settled).toHaveLength(1)
  expect(await call).toBe(2)

  const begun = deferred()
  const end = deferred()
  const running = fp.once('under way', async () => {
    begun.resolve()
    await end.promise
  })
  await begun.promise
  expect(await other.reconcile(never)).toEqual({ settled: [], left: [] })
  const settled = other.reconcile({ key: 'under way', as: 'failed' })
  await expect(settled).rejects.toMatchObject({ code: 'ONCE_BUSY' })
  end.resolve()
  await running
  expect(await stateOf(database.admin, 'under way')).toBe('done')
})

test('once: two processes that reconcile at once settle each key once', async () => {
  const keys = Array.from({ length: 8 }, (_, i) => `shared ${i}`)
  await leaveUncertain(...keys)
  await using one = await Remote.start(database.url)
  await using other = await Remote.start(database.url)
  const settled = await Promise.all([one, other].map((remote) => remote.call<string[]>('reconcileAs', 'done')))
  // What one was at when the other came is left to the one.
  expect(settled.flat().toSorted()).toEqual(keys)
})

test('once: more uncertain keys than fit on a page are settled page by page', async () => {
  await database.admin.query(
    `insert into fencepost.once_keys (namespace, key, state, token, application, host, process)
    select 'default', 'page ' || n, 'uncertain', 2, '', '', 0 from generate_series(1, 120) as n`,
  )
  await using fp = fencepost(database.url)
  expect(await fp.reconcile()).toHaveLength(120)
  expect((await fp.reconcile(() => 'retry')).settled).toHaveLength(120)
  expect(await fp.reconcile()).toEqual([])
})

test('once: to look at runs that died, in the view or by reconcile, leaves no lock behind, however many they are', async () => {
  await using fp = fencepost(database.url)
  await using client = await PlainClient.connect(database.url)
  await fp.once('alive among the dead', async () => {
    await client.query(
      `insert into fencepost.once_keys (namespace, key, state, token, application, host, process)
      select 'default', 'dead ' || n, 'running', 4398046511104 + 2 * n, '', '', 0 from generate_series(1, 120) as n`,
    )
    const looks = [
      `select key from fencepost.once where state = 'uncertain'`,
      `select one ->> 'key' as key from fencepost.once_unsettled('default', '-infinity', '', 1000) as one`,
    ]
    for (const look of looks) {
      await client.query('begin')
      expect((await client.query(look)).rows.map(({ key }) => key)).not.toContain('alive among the dead')
      expect((await client.query(look)).rowCount).toBe(120)
      expect((await client.query('select * from fencepost.held_keys(pg_backend_pid())')).rows).toEqual([])
      await client.query('commit')
    }
  })
  await client.query(`delete from fencepost.once_keys where key like 'dead %'`)
})
