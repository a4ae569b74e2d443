import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const KILLED = 50
const AT_ONCE = 5
/** A payment takes some milliseconds, so the kill hits any part of one. */
const LONGEST_LIFE_MS = 60

const database = await cloneDatabase()
await database.admin.query('create table payments (key text, idempotency_key uuid); create table begun (key text)')
afterAll(() => database[Symbol.asyncDispose]())

const payments = async (key: string) =>
  (await database.admin.query('select from payments where key = $1', [key])).rowCount
const records = async (key: string) =>
  (await database.admin.query<{ state: string }>('select state from fencepost.once_keys where key = $1', [key])).rows

test(`once in a transaction: of ${KILLED} processes killed at random, effect and record agree always`, async () => {
  let cut = 0
  for (let number = 0; number < KILLED; number += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, async (_, i) => await payAndDie(`killed ${number + i}`))
    cut += (await Promise.all(some)).filter((isCut) => isCut).length
  }
  const paid = await database.admin.query(`select from payments where key like 'killed %'`)
  console.log(`${KILLED} processes were killed, ${cut} in the middle of a payment; ${paid.rowCount} payments were made`)
  expect(cut).toBeGreaterThan(0)
  expect(paid.rowCount).toBeGreaterThan(KILLED * 2)
  await expectAgreement()
})

/** Whether it was killed in the middle of a payment, which a later call then made. */
async function payAndDie(prefix: string): Promise<boolean> {
  await using killed = await Remote.start(database.url)
  const dying = killed.call<never>('payUntilKilled', prefix).catch((error: Error) => error.message)
  await eventually(async () => await payments(`${prefix}:1`))
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS))
  await killed.kill()
  expect(await dying).toBe('the process ended')

  await using fp = fencepost(database.url)
  for (let n = 0; ; n++) {
    const key = `${prefix}:${n}`
    // Waits for a commit that is still under way.
    const isNew = await fp.once(key, { transaction: true }, async (tx) => {
      expect(await payments(key)).toBe(0)
      await tx.query('insert into payments (key) values ($1)', [key])
      return prefix
    })
    if (isNew === prefix)
      return Boolean((await database.admin.query('select from begun where key = $1', [key])).rowCount)
  }
}

async function expectAgreement(): Promise<void> {
  const { rows } = await database.admin.query(
    `select payments.count, once_keys.state, once_keys.key
    from (select key, count(*)::integer from payments group by key) as payments full join fencepost.once_keys using (key)
    where payments.count is distinct from 1 or once_keys.state is distinct from 'done'`,
  )
  expect(rows).toEqual([])
}

test('once in a transaction: what it throws undoes effect and record, and the next call runs it', async () => {
  await using fp = fencepost(database.url)
  const failed = fp.once('undone', { transaction: true }, async (tx) => {
    await tx.query(`insert into payments (key) values ('undone')`)
    throw new RangeError('its own')
  })
  await expect(failed).rejects.toThrow(RangeError)
  expect([await payments('undone'), await records('undone')]).toEqual([0, []])
  expect(await fp.once('undone', { transaction: true }, (_tx, { attempt }) => attempt)).toBe(1)
})

test('once in a transaction: one that has lost its lock commits nothing', async () => {
  await using fp = fencepost(database.url)
  const lost = fp.once('lost', { transaction: true }, async (tx) => {
    await tx.query(`insert into payments (key) values ('lost')`)
    await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('lost', 'default/once')`)
  })
  await expect(lost).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect([await payments('lost'), await records('lost')]).toEqual([0, []])
})

test('once in a transaction: one that is not committed is not seen, and a call that comes meanwhile waits for it', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const run = await fp.once('waits', { transaction: true }, async () => {
    expect(await records('waits')).toEqual([])
    await expect(other.once('waits', { wait: '0s' }, () => {})).rejects.toMatchObject({ code: 'ONCE_BUSY' })
    return 'done'
  })
  expect([run, await other.once('waits', () => 'again')]).toEqual(['done', 'done'])
})

test('once in a transaction: a COMMIT whose answer is lost is looked for, and told as done or as undone', async () => {
  await database.admin.query(`
    create table slow (n integer);
    create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
    create constraint trigger dawdle after insert on slow deferrable initially deferred for each row execute function dawdle()`)
  await using fp = fencepost(database.url)
  const undone = fp.once('slow', { transaction: true }, (tx) => tx.query('insert into slow values (1)'))
  const ended = expect(undone).rejects.toMatchObject({ code: 'TRANSACTION_LOST', cause: { code: 'COMMIT_UNCERTAIN' } })
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await eventually(async () => (await database.admin.query(terminate)).rowCount)
  await ended
  expect(await records('slow')).toEqual([])
})
