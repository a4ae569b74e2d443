import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const PROCESSES = 4
const EACH = 250

test('P6: 1,000 waiters of four processes on one name are all served, in the order of their calls, on 4 connections each', async () => {
  await using holder = fencepost(database.url)
  const applications = Array.from({ length: PROCESSES }, (_, i) => `crowd ${i}`)
  const remotes = await Promise.all(applications.map((application) => Remote.start(database.url, { application })))
  const lock = await holder.lock('a')
  const turns = remotes.map((remote) => remote.call<number[]>('turns', 'a', EACH))
  await untilInLine(admin, 'a', PROCESSES * EACH)
  await lock.release()

  const over = new AbortController()
  const served = Promise.all(turns).finally(() => over.abort())
  let most = 0
  while (!over.signal.aborted) most = Math.max(most, ...(await connections()))
  expect(await served).toEqual(remotes.map(() => Array.from({ length: EACH }, (_, i) => i)))
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(4)
  await untilInLine(admin, 'a', 0)
  await Promise.all(remotes.map((remote) => remote.kill()))
})

test('P6: the holder builds an index concurrently while 50 waiters of five processes stand in line', async () => {
  await using holder = fencepost(database.url)
  await admin.query('create table big as select generate_series(1, 1000) as n')
  const remotes = await Promise.all([1, 2, 3, 4, 5].map(() => Remote.start(database.url)))
  const lock = await holder.lock('migrate')
  const turns = remotes.map((remote, i) => remote.call<number[]>('turns', 'migrate', 10, { shared: i % 2 === 1 }))
  await untilInLine(admin, 'migrate', 50)
  const watching = await eventually(async () => await watcher())
  for (const index of ['one', 'two']) await admin.query(`create index concurrently ${index} on big (n)`)
  expect((await admin.query('select from pg_index where not indisvalid')).rowCount).toBe(0)
  expect(await ticketsOf(admin, 'migrate')).toHaveLength(50)
  // Nor was a connection given up for it: the same one waits on, in its slices.
  await eventually(async () => (await watcher()) === watching)
  await lock.release()
  for (const order of await Promise.all(turns)) expect(order).toHaveLength(10)
  await Promise.all(remotes.map((remote) => remote.kill()))
})

/** The connection that waits in the server. */
async function watcher(): Promise<number | undefined> {
  const { rows } = await admin.query<{ pid: number }>(
    `select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`,
  )
  return rows[0]?.pid
}

async function connections(): Promise<number[]> {
  const { rows } = await admin.query<{ n: number }>(
    `select count(*)::integer as n from pg_stat_activity where application_name like 'crowd %fencepost' group by application_name`,
  )
  return rows.map(({ n }) => n)
}
