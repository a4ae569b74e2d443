import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
await database.admin.query('create table effects (who text)')
afterAll(() => database[Symbol.asyncDispose]())

const effects = async () => {
  const { rows } = await database.admin.query<{ who: string }>('delete from effects returning who')
  return rows.map(({ who }) => who).toSorted()
}
const CUT = { code: 'TRANSACTION_CUT', message: expect.stringMatching(/do not send BEGIN, COMMIT or ROLLBACK/) }

test.each([
  ['rollback', ['after']],
  ['commit', ['after', 'before']],
  ['rollback; begin', []],
  ['commit; begin', ['before']],
  ['rollback and chain', []],
])('P3: a guarded transaction whose function sends "%s" is never told as committed', async (own, left) => {
  const work = async (tx: Transaction) => {
    await tx.query(`insert into effects values ('before')`)
    await tx.query(own)
    await tx.query(`insert into effects values ('after')`)
  }
  await using fp = fencepost(database.url)
  const pool = new pg.Pool({ connectionString: database.url })
  let carrying = pool
  const options = { connectionString: database.url }
  await using other = fencepost({ connect: () => carrying.connect(), options, totalCount: 0 })
  const lock = await other.lock('a')
  // Its sessions have the very fence that is asked for.
  carrying = new pg.Pool({ ...options, options: lock.pgOptions })
  for (const call of [() => lock.transaction(work), () => fp.transaction('c', work)]) {
    await expect(call()).rejects.toMatchObject(CUT)
    expect(await effects()).toEqual(left)
  }
  // Where its record was undone too, that is what it says.
  await expect(fp.once(own, { transaction: true }, work)).rejects.toThrow(/rolled back its transaction|do not send/)
  expect(await effects()).toEqual(left)
  await lock.release()
  await Promise.all([pool.end(), carrying.end()])
})

test('a guarded transaction may use savepoints, guard other locks and set what is local to it', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('e')
  await using second = await fp.lock('f')
  await lock.transaction(async (tx) => {
    await tx.query('savepoint one')
    await second.guard(tx)
    await tx.query(`insert into effects values ('undone')`)
    await tx.query('rollback to one')
    await second.guard(tx)
    await tx.query(`set local application_name = 'savepoints'`)
    await tx.query(`insert into effects values ('savepoints')`)
  })
  expect(await effects()).toEqual(['savepoints'])
})
