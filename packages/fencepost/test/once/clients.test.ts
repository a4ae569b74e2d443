import { fencepost } from 'fencepost'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENTS, type OpenClient, openClient, wanting } from '../adapters/clients.ts'
import { cloneDatabase } from '../support/database.ts'
import { stateOf } from './effects.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table payments (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

// Every sign that some client takes for a placeholder, a quote or an escape.
const ODD = `it's "a" ? \\? \\\\? $1 $$ :name @p %s {x} \\u0041 --/* żółć 🔒`

const never = () => {
  throw new Error('it must not be run')
}
const payments = async (who: string) =>
  (await database.admin.query('select from payments where who = $1', [who])).rowCount

describe.skipIf(wanting !== '').each(CLIENTS)('through %s', (name) => {
  let client: OpenClient
  beforeAll(async () => {
    client = await openClient(name, database.url)
  })
  afterAll(() => client.close())

  test('once in a transaction of the caller: effect and record are committed or rolled back together', async () => {
    await using fp = fencepost(database.url)
    const key = `${name} ${ODD}`
    const pay = (isUndone: boolean) =>
      client.transaction(async (tx, run) => {
        const paid = await fp.once(key, { transaction: tx, retention: '1d' }, async (inside, { attempt }) => {
          expect(inside).toBe(tx)
          await run(`insert into payments values ('${name}')`)
          return { attempt, odd: ODD }
        })
        expect(paid).toEqual({ attempt: 1, odd: ODD })
        if (isUndone) throw new RangeError('undone')
      })
    await expect(pay(true)).rejects.toThrow('undone')
    expect([await payments(name), await stateOf(database.admin, key)]).toEqual([0, undefined])
    await pay(false)
    expect([await payments(name), await stateOf(database.admin, key)]).toEqual([1, 'done'])
    expect(await fp.once(key, never)).toEqual({ attempt: 1, odd: ODD })
  })
})
