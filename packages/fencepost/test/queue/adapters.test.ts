import { defineJob, fencepost } from 'fencepost'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENTS, type OpenClient, openClient, wanting } from '../adapters/clients.ts'
import { cloneDatabase } from '../support/database.ts'
import { jobsOf } from './jobs.ts'

const database = await cloneDatabase()
const { admin } = database
beforeAll(() => admin.query('create table orders (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

// Every sign that some client takes for a placeholder, a quote or an escape.
const ODD = `it's "a" ? \\? \\\\? $1 $$ :name @p %s {x} \\u0041 --/* żółć 🔒`

const orders = async (who: string) => (await admin.query('select from orders where who = $1', [who])).rowCount

describe.skipIf(wanting !== '').each(CLIENTS)('through %s', (name) => {
  const job = defineJob({ name: `through ${name}`, run() {} })
  let client: OpenClient
  beforeAll(async () => {
    client = await openClient(name, database.url)
  })
  afterAll(() => client.close())

  test('P9: an effect and the jobs that follow from it are committed or rolled back together', async () => {
    await using fp = fencepost(database.url)
    const order = (isUndone: boolean) =>
      client.transaction(async (tx, run) => {
        await run(`insert into orders values ('${name}')`)
        const first = await fp.enqueue(job, { odd: ODD }, { tx, key: ODD, group: ODD, delay: '1h' })
        expect(first.isNew).toBe(true)
        expect(await fp.enqueue(job, {}, { tx, key: ODD })).toEqual({ id: first.id, isNew: false })
        expect(await fp.enqueueMany(job, [1, null, ODD], { tx, priority: -1 })).toHaveLength(3)
        if (isUndone) throw new RangeError('undone')
      })
    await expect(order(true)).rejects.toThrow('undone')
    expect([await orders(name), (await jobsOf(admin, job.name)).length]).toEqual([0, 0])
    await order(false)
    expect(await orders(name)).toBe(1)
    expect(await jobsOf(admin, job.name)).toMatchObject([
      { payload: { odd: ODD }, key: ODD, group_key: ODD, state: 'delayed' },
      { payload: 1, priority: -1, state: 'ready' },
      { payload: null },
      { payload: ODD },
    ])
  })

  test('P9: what is not in a transaction is refused, and nothing is enqueued', async () => {
    await using fp = fencepost(database.url)
    for (const outside of client.outside) {
      await expect(fp.enqueue(job, { outside: true }, { tx: outside })).rejects.toMatchObject({
        code: 'NOT_IN_TRANSACTION',
      })
    }
    const rows = await jobsOf(admin, job.name)
    expect(rows.filter(({ payload }) => (payload as { outside?: boolean } | null)?.outside === true)).toEqual([])
  })
})
