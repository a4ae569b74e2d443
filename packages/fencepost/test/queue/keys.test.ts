import { defineJob, fencepost, KeyedJobIsolationError } from 'fencepost'
import type { PoolClient } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { claimAll, jobsOf } from './jobs.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

// A queue of its own, so that it can be claimed alone.
const kind = (name: string) => defineJob<object>({ name, queue: name })

const byKey = (payload: { readonly key: string }) => payload.key

test('while a job of a name and key is there, waiting or running, no other is enqueued, and its id is told', async () => {
  const job = kind('skip')
  const first = await fp.enqueue(job, { n: 1 }, { key: 'a' })
  expect(first.isNew).toBe(true)
  const same = { id: first.id, isNew: false }
  expect(await fp.enqueue(job, { n: 2 }, { key: 'a' })).toEqual(same)
  await claimAll(admin, 'skip')
  expect(await fp.enqueue(job, { n: 3 }, { key: 'a', onDuplicate: 'skip' })).toEqual(same)
  expect(await fp.enqueue(job, { n: 4 }, { key: 'b' })).toMatchObject({ isNew: true })
  expect(await fp.enqueue(kind('another name'), { n: 5 }, { key: 'a' })).toMatchObject({ isNew: true })
  expect((await jobsOf(admin, 'skip')).map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 4 }])
  await admin.query(`delete from fencepost.jobs where id = $1`, [first.id])
  expect(await fp.enqueue(job, { n: 6 }, { key: 'a' })).toMatchObject({ isNew: true })
})

test('replace gives the job that waits the new payload, time and priority, and enqueues another behind one that runs', async () => {
  const job = kind('replace')
  const first = await fp.enqueue(job, { n: 1 }, { key: 'a', onDuplicate: 'replace', delay: '1h' })
  const options = { key: 'a', onDuplicate: 'replace', priority: 9, group: 'g' } as const
  expect(await fp.enqueue(job, { n: 2 }, options)).toEqual({ id: first.id, isNew: false })
  const renewed = { id: first.id, payload: { n: 2 }, priority: 9, state: 'ready', group_key: 'g', is_plain: false }
  expect(await jobsOf(admin, 'replace')).toMatchObject([renewed])

  await claimAll(admin, 'replace')
  const second = await fp.enqueue(job, { n: 3 }, options)
  expect([second.isNew, second.id > first.id]).toEqual([true, true])
  expect(await fp.enqueue(job, { n: 4 }, options)).toEqual({ id: second.id, isNew: false })
  expect(await jobsOf(admin, 'replace')).toMatchObject([
    { state: 'running', payload: { n: 2 } },
    { state: 'ready', payload: { n: 4 } },
  ])
})

test('a job that failed and is replaced has all its attempts again', async () => {
  const job = kind('again')
  await fp.enqueue(job, { n: 1 }, { key: 'a' })
  await admin.query(`update fencepost.jobs set attempt = 4, error = 'boom', state = 'delayed' where name = 'again'`)
  await fp.enqueue(job, { n: 2 }, { key: 'a', onDuplicate: 'replace' })
  expect(await jobsOf(admin, 'again')).toMatchObject([{ attempt: 0, error: null, state: 'ready' }])
})

test('debounce puts the job that waits off, with the new payload and its old priority', async () => {
  const job = kind('debounce')
  const options = { key: 'a', onDuplicate: 'debounce', delay: '1h' } as const
  const first = await fp.enqueue(job, { n: 1 }, { ...options, priority: 2 })
  const [before] = await jobsOf(admin, 'debounce')
  expect(await fp.enqueue(job, { n: 2 }, { ...options, priority: 7 })).toEqual({ id: first.id, isNew: false })
  const [after] = await jobsOf(admin, 'debounce')
  expect(after).toMatchObject({ payload: { n: 2 }, priority: 2, state: 'delayed' })
  expect(Number(after?.run_at)).toBeGreaterThan(Number(before?.run_at))
})

test('in a window no other job of the key is enqueued, whatever became of the first; after it one is', async () => {
  const job = kind('window')
  const options = { key: 'a', window: '10m' } as const
  const first = await fp.enqueue(job, {}, options)
  await admin.query(`delete from fencepost.jobs where name = 'window'`)
  expect(await fp.enqueue(job, {}, options)).toEqual({ id: first.id, isNew: false })
  await admin.query(`update fencepost.job_windows set until = clock_timestamp() where name = 'default:window'`)
  const second = await fp.enqueue(job, {}, options)
  expect(second.isNew).toBe(true)
  // What is over is removed by others, and the key has one window.
  expect(
    (await admin.query(`select job::integer from fencepost.job_windows where name = 'default:window'`)).rows,
  ).toEqual([{ job: second.id }])
})

test('windows that are over are removed by those that are opened', async () => {
  const job = kind('swept')
  await Promise.all(Array.from({ length: 5 }, (_, n) => fp.enqueue(job, {}, { key: `${n}`, window: '1h' })))
  await admin.query(
    `update fencepost.job_windows set until = clock_timestamp() - interval '1 s' where name = 'default:swept'`,
  )
  for (let n = 10; n < 13; n++) await fp.enqueue(job, {}, { key: `${n}`, window: '1h' })
  expect((await admin.query(`select from fencepost.job_windows where name = 'default:swept'`)).rowCount).toBe(3)
})

test('a key is unique in its namespace', async () => {
  await using shop = fencepost(database.url, { namespace: 'shop' })
  const job = kind('spaced')
  expect(await fp.enqueue(job, {}, { key: 'a', window: '1h' })).toMatchObject({ isNew: true })
  const first = await shop.enqueue(job, {}, { key: 'a', window: '1h' })
  expect(first.isNew).toBe(true)
  expect(await shop.enqueue(job, {}, { key: 'a' })).toEqual({ id: first.id, isNew: false })
})

test('enqueueMany makes a key of each payload, and enqueues one of those that share it', async () => {
  const enqueued = await fp.enqueueMany(
    defineJob<{ n: number }>({ name: 'many' }),
    Array.from({ length: 300 }, (_, n) => ({ n: n % 100 })),
    { key: ({ n }) => `n:${n}` },
  )
  expect(enqueued.filter(({ isNew }) => isNew)).toHaveLength(100)
  expect(new Set(enqueued.map(({ id }) => id)).size).toBe(100)
  expect(await jobsOf(admin, 'many')).toHaveLength(100)
})

test('P9: of hundreds who enqueue one key at once, from several processes, one enqueues it', async () => {
  const others = Array.from({ length: 4 }, () => fencepost(database.url))
  const job = kind('race')
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    const calls = Array.from({ length: 60 }, (_, n) => (others[n % 4] ?? fp).enqueue(job, { n }, { key }))
    const enqueued = await Promise.all(calls)
    expect(enqueued.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(enqueued.map(({ id }) => id)).size).toBe(1)
  }
  await Promise.all(others.map((other) => other.close()))
  expect(await jobsOf(admin, 'race')).toHaveLength(5)
})

test('P9: replacing and claiming at once loses no payload: what was claimed had one, and the last one is there', async () => {
  const job = kind('claimed')
  for (let round = 0; round < 30; round++) {
    await admin.query(`delete from fencepost.jobs where name = 'claimed'`)
    await fp.enqueue(job, { n: 1 }, { key: 'a' })
    const [second] = await Promise.all([
      fp.enqueue(job, { n: 2 }, { key: 'a', onDuplicate: 'replace' }),
      claimAll(admin, 'claimed'),
    ])
    const rows = await jobsOf(admin, 'claimed')
    const payloads = rows.map(({ payload }) => payload)
    expect(payloads).toEqual(second.isNew ? [{ n: 1 }, { n: 2 }] : [{ n: 2 }])
  }
})

test('whoever enqueues a key that an open transaction enqueued waits for its end, and holds up nobody else', async () => {
  const job = kind('open')
  for (const end of ['commit', 'rollback']) {
    const client = await admin.connect()
    await client.query('begin')
    const first = await fp.enqueue(job, { end }, { key: end, tx: client })
    let isDone = false
    const second = fp.enqueue(job, { n: 2 }, { key: end }).finally(() => {
      isDone = true
    })
    // On the same session: another key in the same tick, a plain job, a lock.
    expect(await fp.enqueue(job, { n: 3 }, { key: `other ${end}` })).toMatchObject({ isNew: true })
    await fp.enqueue(kind('plain'), {})
    await using lock = await fp.lock('a name')
    expect([isDone, lock.name]).toEqual([false, 'a name'])
    await client.query(end)
    client.release()
    const { id, isNew } = await second
    expect(isNew).toBe(end === 'rollback')
    expect(id === first.id).toBe(end === 'commit')
  }
})

test('two transactions at one key stand one behind the other, and the second sees what the first has enqueued', async () => {
  const job = kind('two')
  const [one, other] = [await admin.connect(), await admin.connect()]
  await one.query('begin')
  await other.query('begin')
  const first = await fp.enqueue(job, {}, { key: 'a', tx: one })
  const second = fp.enqueue(job, {}, { key: 'a', tx: other })
  const waiting = `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
  await eventually(async () => (await admin.query(waiting)).rowCount === 1)
  await one.query('commit')
  expect(await second).toEqual({ id: first.id, isNew: false })
  await other.query('commit')
  one.release()
  other.release()
})

test('two who enqueue the same keys in opposite order, each in one call, do not wait for each other for ever', async () => {
  const job = defineJob<number>({ name: 'crossed' })
  await using another = fencepost(database.url)
  const keys = Array.from({ length: 50 }, (_, n) => n)
  const transact = async (client: PoolClient, numbers: readonly number[], round: number) => {
    await client.query('begin')
    const enqueued = await another.enqueueMany(job, numbers, { tx: client, key: (n) => `${round}:${n}` })
    await client.query('commit')
    client.release()
    return enqueued
  }
  for (let round = 0; round < 10; round++) {
    const [one, other] = await Promise.all([
      transact(await admin.connect(), keys, round),
      transact(await admin.connect(), keys.toReversed(), round),
    ])
    expect([...one, ...other].filter(({ isNew }) => isNew)).toHaveLength(50)
  }
})

test.each(['repeatable read', 'serializable'])(
  'P9: a key is refused in a transaction at %s, whose snapshot may miss the job that is there',
  async (isolation) => {
    const client = await admin.connect()
    await client.query(`begin isolation level ${isolation}`)
    const refused = fp.enqueue(kind('isolated'), {}, { key: 'a', tx: client })
    await expect(refused).rejects.toThrow(KeyedJobIsolationError)
    await client.query('rollback')
    client.release()
    expect(await jobsOf(admin, 'isolated')).toEqual([])
  },
)

test('fencepost.enqueue in SQL knows the same policies, by named arguments, and tells what it was called with wrongly', async () => {
  const enqueue = async (args: string) =>
    (await admin.query<{ id: number }>(`select fencepost.enqueue(${args})::integer as id`)).rows[0]?.id
  const first = await enqueue(`'sql', '{"n": 1}', key => 'a', delay => '1 h', queue => 'mail', keep => '1 d'`)
  expect(await enqueue(`'sql', '{"n": 2}', key => 'a'`)).toBe(first)
  expect(await enqueue(`'sql', '{"n": 3}', key => 'a', on_duplicate => 'replace'`)).toBe(first)
  expect(await enqueue(`'sql', key => 'b', within => '10 min', group_key => 'g'`)).not.toBe(first)
  expect(await jobsOf(admin, 'sql')).toMatchObject([
    { payload: { n: 3 }, state: 'ready', queue: 'mail' },
    { payload: {}, group_key: 'g', is_plain: false },
  ])
  expect(await fp.enqueue(defineJob({ name: 'sql' }), {}, { key: 'a' })).toEqual({ id: first, isNew: false })
  const wrong = [
    `''`,
    `'a', queue => 'x:y:z'`,
    `'a', delay => '1 s', run_at => now()`,
    `'a', on_duplicate => 'replace'`,
    `'a', key => 'k', on_duplicate => 'debounce'`,
    `'a', attempts => 0`,
    `'a', delay => '-1 s'`,
    `'a', within => '1 s'`,
  ]
  for (const args of wrong) {
    await expect(enqueue(args)).rejects.toMatchObject({ code: '22023', hint: expect.stringContaining('select') })
  }
})

test('of jobs of one call that share a key the last one that is to be there is there, and nothing is enqueued twice', async () => {
  const job = defineJob<{ key: string; n: number }>({ name: 'alike' })
  const payloads = ['a', 'b', 'a', 'a', 'b'].map((key, n) => ({ key, n }))
  const first = await fp.enqueueMany(job, payloads, { key: byKey, onDuplicate: 'replace' })
  expect(first.map(({ isNew }) => isNew)).toEqual([true, true, false, false, false])
  expect(first.map(({ id }) => id)).toEqual([0, 1, 0, 0, 1].map((at) => first[at]?.id))
  expect((await jobsOf(admin, 'alike')).map(({ payload }) => payload)).toEqual([payloads[3], payloads[4]])
  const second = await fp.enqueueMany(job, [...payloads, { key: 'c', n: 9 }], { key: byKey })
  expect(second.map(({ id }) => id).slice(0, 5)).toEqual(first.map(({ id }) => id))
  expect(second.map(({ isNew }) => isNew)).toEqual([false, false, false, false, false, true])
})

test('a key that somebody is at holds up neither the other jobs of a tick nor, in the end, its own', async () => {
  const job = defineJob<{ key: string }>({ name: 'beside' })
  const client = await admin.connect()
  await client.query('begin')
  await fp.enqueue(job, { key: 'busy' }, { key: 'busy', tx: client })
  const payloads = Array.from({ length: 100 }, (_, n) => ({ key: n % 2 === 0 ? 'busy' : `free ${n}` }))
  const calls = payloads.map((payload) => fp.enqueue(job, payload, { key: payload.key }))
  const many = fp.enqueueMany(job, payloads, { key: byKey })
  expect(await Promise.all(calls.filter((_, n) => n % 2 === 1))).toHaveLength(50)
  await client.query('rollback')
  client.release()
  const all = await Promise.all([...calls, many])
  const ids = all.flat().map(({ id }) => id)
  expect(new Set(ids).size).toBe(51)
  expect(all.flat().filter(({ isNew }) => isNew)).toHaveLength(51)
  expect(await jobsOf(admin, 'beside')).toHaveLength(51)
})

test('P9: of hundreds who enqueue one key with a window at once, one enqueues it, also if it is done meanwhile', async () => {
  await using another = fencepost(database.url)
  const job = kind('throttled')
  const calls = Array.from({ length: 100 }, async (_, n) => {
    const enqueued = await (n % 2 === 0 ? fp : another).enqueue(job, { n }, { key: 'a', window: '1h' })
    await admin.query(`delete from fencepost.jobs where name = 'throttled'`)
    return enqueued
  })
  expect((await Promise.all(calls)).filter(({ isNew }) => isNew)).toHaveLength(1)
})
