import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { emptyDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { apply, diagnose } from './diagnose.ts'

const database = await emptyDatabase()
const { admin } = database
const open: pg.Client[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => {})))
})
afterAll(() => database[Symbol.asyncDispose]())

async function connect(application: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name: application })
  client.on('error', () => {})
  await client.connect()
  open.push(client)
  return client
}

async function untilIdle(application: string, ms: number): Promise<void> {
  const text = `select from pg_stat_activity where application_name = $1 and state like 'idle%' and clock_timestamp() - state_change > $2 * interval '1 ms'`
  await eventually(async () => (await admin.query(text, [application, ms])).rowCount)
}

test('FAULTS 13: an advisory lock left on an idle backend is told with its program and who waits, and ending it mends', async () => {
  const holder = await connect('prisma')
  await holder.query('select pg_advisory_lock(72707369), pg_advisory_lock(1112886348, 5)')
  const waiter = (await connect('waiter')).query('select pg_advisory_lock(72707369)')
  await untilIdle('prisma', 1000)
  expect((await diagnose(database.url, '--older-than', '1h')).of('stuck-locks')).toMatchObject([{ level: 'fine' }])
  const told = (await diagnose(database.url, '--older-than', '1s')).of('stuck-locks')
  expect(told).toMatchObject([
    {
      level: 'danger',
      what: expect.stringMatching(
        /^backend \d+ \(prisma, role postgres, 127\.0\.0\.1\) does nothing for .* holds the advisory locks of Prisma Migrate \(key 72707369\), of BullMQ migrations \(key \(1112886348, 5\)\), for which 1 other waits$/,
      ),
      mend: expect.stringMatching(/^select pg_terminate_backend\(\d+\);$/),
    },
  ])
  for (const verdict of told) await apply(admin, verdict)
  await waiter
})

test('a program that holds thousands of locks is told in one line', async () => {
  const holder = await connect('hoarder')
  await holder.query('select pg_advisory_lock(key) from generate_series(1, 2000) as key')
  const [told] = (await diagnose(database.url, '--older-than', '0s')).of('stuck-locks')
  expect(told).toMatchObject({ level: 'warning', what: expect.stringMatching(/key 1, key 2, key 3 and 1,997 more$/) })
})

test('an open transaction that keeps the vacuum horizon and a writer waiting is told, and ending it mends', async () => {
  await admin.query('create table waited_for (n integer)')
  const idler = await connect('idler')
  await idler.query('begin; lock table waited_for; select txid_current(); select pg_advisory_xact_lock(7)')
  const waiter = (await connect('writer')).query('insert into waited_for values (1)')
  await eventually(
    async () =>
      (await admin.query(`select from pg_locks where not granted and relation = 'waited_for'::regclass`)).rowCount,
  )
  expect((await diagnose(database.url, '--older-than', '1h')).of('open-transactions')).toMatchObject([
    { level: 'fine' },
  ])
  const told = (await diagnose(database.url, '--older-than', '0s')).of('open-transactions')
  // The writer waits, and is told with what it waits for.
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({
    level: 'danger',
    what: expect.stringMatching(
      /backend \d+ \(idler, .*\), idle in transaction, is open for .*vacuum removes nothing that died in the last \d+ transactions?, it holds 1 advisory lock, 1 other waits for it$/,
    ),
  })
  if (told[0]) await apply(admin, told[0])
  await waiter
  expect((await diagnose(database.url, '--older-than', '0s')).of('open-transactions')).toMatchObject([
    { level: 'fine' },
  ])
})

test('a prepared transaction that keeps an advisory lock is told, and rolling it back mends', async () => {
  const preparer = await connect('preparer')
  await preparer.query(`begin; select pg_advisory_xact_lock(7); prepare transaction 'it''s forgotten'`)
  const told = (await diagnose(database.url, '--older-than', '0s')).of('prepared-transactions')
  expect(told).toMatchObject([
    {
      level: 'danger',
      what: expect.stringMatching(/"it's forgotten" of role postgres is .* old and keeps .* and 1 advisory lock/),
      mend: expect.stringContaining(`rollback prepared 'it''s forgotten';`),
    },
  ])
  for (const verdict of told) await apply(preparer, verdict)
  expect((await diagnose(database.url, '--older-than', '0s')).of('prepared-transactions')).toMatchObject([
    { level: 'fine' },
  ])
})

test('a replication slot without a reader is told with what it keeps, and dropping it mends', async () => {
  const slot = `slot_${process.pid}`
  await admin.query(`select pg_create_physical_replication_slot('${slot}', true)`)
  const told = (await diagnose(database.url)).of('replication-slots').filter(({ what }) => what.includes(slot))
  expect(told).toMatchObject([
    { level: 'warning', what: expect.stringMatching(/has no reader and keeps [\d.]+ [kMG]B of WAL/) },
  ])
  for (const verdict of told) await apply(admin, verdict)
  expect((await diagnose(database.url)).of('replication-slots').filter(({ what }) => what.includes(slot))).toEqual([])
})
