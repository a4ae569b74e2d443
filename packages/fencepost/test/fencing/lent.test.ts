import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'

const database = await cloneDatabase()
await database.admin.query('create table effects (who text)')
afterAll(() => database[Symbol.asyncDispose]())

const effects = async (who: string) =>
  (await database.admin.query('select from effects where who = $1', [who])).rowCount
const write = async (tx: Transaction, who: string) => await tx.query('insert into effects values ($1)', [who])
const OVER = { code: 'TRANSACTION_OVER', message: expect.stringMatching(/is over/) }

/** A branch that writes once the transaction is over, beside one that does `first`. */
function branches(who: string, first: (tx: Transaction) => Promise<unknown>) {
  const ended = deferred()
  let late: Promise<unknown> = Promise.reject(new Error('it was not begun'))
  late.catch(() => {})
  return {
    work: async (tx: Transaction) => {
      late = ended.promise.then(() => write(tx, who))
      late.catch(() => {})
      await first(tx)
    },
    late: async () => {
      ended.resolve()
      return await late
    },
  }
}

test.each([
  ['commit', async () => {}],
  ['rollback', (tx: Transaction) => tx.query('select 1/0')],
])('P3: a branch that its function did not wait for writes nothing after %s', async (end, first) => {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  await using fp = fencepost(pool)
  const calls = [
    (work: (tx: Transaction) => Promise<void>) => fp.lock(end, (lock) => lock.transaction(work)),
    (work: (tx: Transaction) => Promise<void>) => fp.transaction(end, work),
    (work: (tx: Transaction) => Promise<void>) => fp.once(end, { transaction: true }, work),
  ]
  for (const call of calls) {
    const { work, late } = branches(end, first)
    await call(work).catch((error: unknown) => expect(error).toMatchObject({ code: '22012' }))
    // The same connection, in the transaction of the next holder.
    await fp.lock(end, async (next) => {
      await next.transaction(async () => await expect(late()).rejects.toMatchObject(OVER))
    })
  }
  expect(await effects(end)).toBe(0)
  await pool.end()
})

test('P3: what was sent before the function was done is in its transaction, also if it did not wait for it', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('sent')
  let sent: Promise<unknown> | undefined
  await lock.transaction(async (tx) => {
    sent = write(tx, 'sent')
  })
  expect(await effects('sent')).toBe(1)
  await sent
  const undone = lock.transaction(async (tx) => {
    sent = write(tx, 'undone')
    throw new RangeError('its own')
  })
  await expect(undone).rejects.toThrow(RangeError)
  await sent
  expect(await effects('undone')).toBe(0)
})

test('a transaction is a client of pg to whoever asks for more than query, and refuses every way to send when it is over', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('client')
  const client = await lock.transaction(async (tx) => {
    expect(tx).toBeInstanceOf(pg.Client)
    const lent = tx as pg.PoolClient
    expect(lent.escapeIdentifier('a"b')).toBe('"a""b"')
    expect((await lent.query({ text: 'select 1 as n', rowMode: 'array' })).rows).toEqual([[1]])
    const rows = new Promise((resolve, reject) => {
      lent.query('select 2 as n', (error, result) => (error ? reject(error) : resolve(result.rows)))
    })
    expect(await rows).toEqual([{ n: 2 }])
    return lent
  })
  await expect(client.query('select 1')).rejects.toMatchObject(OVER)
  const told = new Promise((resolve) => client.query('select 1', (error) => resolve(error)))
  expect(await told).toMatchObject(OVER)
  expect(() => client.query(new pg.Query('select 1'))).toThrow(expect.objectContaining(OVER))
})
