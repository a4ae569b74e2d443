import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { openWorkers, type SqlWorker } from './sql-worker.ts'

const database = await cloneDatabase()
const { admin } = database
const workers = await openWorkers(database, 8)
const [first, second] = workers as [SqlWorker, SqlWorker]
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()))
  await database[Symbol.asyncDispose]()
})

const charge = { name: 'charge', queue: 'library', run: ({ cents }: { cents: number }) => ({ receipt: cents }) }
const mail = { name: 'mail', queue: 'library', keep: '1d', run: (to: string) => to } as const

const validate = (value: unknown) => (value === 1 ? { value } : { issues: [{ message: 'it is not 1' }] })

const enqueue = async (flow: object, worker = first) => {
  const text = 'select fencepost.enqueue_flow($1) as ids'
  return ((await worker.client.query<{ ids: string[] }>(text, [JSON.stringify(flow)])).rows[0]?.ids ?? []).map(Number)
}
const stateOf = async (id: number | undefined) =>
  (await admin.query<{ state: string }>('select state from fencepost.jobs where id = $1', [id])).rows[0]?.state
const resultsOf = async (parent: number | undefined, token: number | undefined) =>
  (await admin.query<{ results: unknown }>('select fencepost.child_results($1, $2) as results', [parent, token]))
    .rows[0]?.results

test('a parent runs once all its children are done, with their results in the order they were enqueued in', async () => {
  const queue = 'report'
  const leaf = (name: string) => ({ queue, name })
  const [root, sum, one] = await enqueue({
    ...leaf('report'),
    children: [{ ...leaf('sum'), children: [leaf('one'), leaf('two')] }, leaf('three')],
  })
  const claimed = await first.claim([queue], 0, 10)
  expect(claimed.map(({ name }) => name)).toEqual(['one', 'two', 'three'])
  expect(await stateOf(root)).toBe('waiting')
  await first.finish(claimed.slice(1), [2, { three: 3 }])
  expect(await stateOf(sum)).toBe('waiting')
  expect(await first.finish(claimed.slice(0, 1), [1])).toEqual([one])
  const [next] = await second.claim([queue], 0, 10)
  expect(next?.id).toBe(sum)
  expect(await resultsOf(sum, next?.token)).toEqual([1, 2])
  await second.finish(next === undefined ? [] : [next], ['1 + 2'])
  const [last] = await second.claim([queue], 0, 10)
  expect(last?.id).toBe(root)
  expect(await resultsOf(root, last?.token)).toEqual(['1 + 2', { three: 3 }])
})

test('a flow is there iff its transaction commits, and nobody sees a part of it', async () => {
  const flow = { queue: 'atomic', name: 'parent', children: [{ queue: 'atomic', name: 'child' }] }
  await first.client.query('begin')
  await enqueue(flow)
  expect(await second.claim(['atomic'], 0, 10)).toEqual([])
  await first.client.query('rollback')
  expect(await second.claim(['atomic'], 0, 10)).toEqual([])
  expect((await admin.query(`select from fencepost.jobs where queue = 'atomic'`)).rowCount).toBe(0)
})

test('of eight workers that end the children of the same parents at once each parent becomes ready exactly once', async () => {
  const child = { queue: 'crowd', name: 'child' }
  for (let parent = 0; parent < 20; parent++) {
    await enqueue({ queue: 'parents', name: 'parent', children: Array.from({ length: 25 }, () => child) })
  }
  let done = 0
  const work = async (worker: SqlWorker) => {
    while (done < 500) {
      const jobs = await worker.claim(['crowd'], 0, 7)
      const finished = await worker.finish(
        jobs.toReversed(),
        jobs.map(({ id }) => id),
      )
      done += finished.length
    }
  }
  await Promise.all(workers.map(work))
  expect(done).toBe(500)
  const parents = await first.claim(['parents'], 0, 100)
  expect(parents).toHaveLength(20)
  for (const { id, token } of parents) expect(await resultsOf(id, token)).toHaveLength(25)
})

test('a child that was taken over from a worker is not counted for it', async () => {
  const [root] = await enqueue({ queue: 'lost', name: 'parent', children: [{ queue: 'lost', name: 'child' }] })
  const old = await first.claim(['lost'], 0, 1)
  await admin.query(`update fencepost.jobs set state = 'ready', token = null, session = null where id = $1`, [
    old[0]?.id,
  ])
  const anew = await second.claim(['lost'], 0, 1)
  expect(await first.finish(old, ['stale'])).toEqual([])
  expect(await stateOf(root)).toBe('waiting')
  await second.finish(anew, ['right'])
  const [parent] = await second.claim(['lost'], 0, 1)
  expect(await resultsOf(root, parent?.token)).toEqual(['right'])
  await expect(resultsOf(root, old[0]?.token)).rejects.toMatchObject({ code: 'LK009' })
})

test('a cancelled child counts as done without a result, and a parent that is due later waits for its time', async () => {
  const child = { queue: 'cancelled', name: 'child' }
  const [root, gone] = await enqueue({ queue: 'cancelled', name: 'parent', delay: '1 h', children: [child, child] })
  await admin.query('delete from fencepost.jobs where id = $1', [gone])
  const { rows } = await admin.query('select fencepost.end_children($1) as released', [[root]])
  expect(rows).toEqual([{ released: [] }])
  await first.finish(await first.claim(['cancelled'], 0, 10))
  expect(await stateOf(root)).toBe('delayed')
})

test('the library enqueues a flow in a transaction of the caller, in its namespace, and says the ids in its shape', async () => {
  await using fp = fencepost(database.url, { namespace: 'shop' })
  await second.client.query('begin')
  const flow = await fp.enqueueFlow(
    {
      job: mail,
      payload: 'ann@example.com',
      options: { priority: -1 },
      children: [
        { job: charge, payload: { cents: 5 }, children: [{ job: mail, payload: 'shop@example.com' }] },
        { job: charge, payload: { cents: 7 }, options: { delay: '1h', group: 'ann' } },
      ],
    },
    { tx: second.client },
  )
  expect(await first.claim(['shop:library'], 10, 10)).toEqual([])
  await second.client.query('commit')
  const { rows } = await admin.query(
    `select id::integer, parent::integer, name, state, priority, payload, group_key, keep = interval '1 day' as kept
    from fencepost.jobs where queue = 'shop:library' order by id`,
  )
  const [ann, charged, shop, later] = [
    flow.id,
    flow.children[0]?.id,
    flow.children[0]?.children[0]?.id,
    flow.children[1]?.id,
  ]
  const job = { priority: 0, group_key: null, kept: null, state: 'waiting', parent: ann, name: 'charge' }
  expect(rows).toEqual([
    { ...job, id: ann, parent: null, name: 'mail', priority: -1, payload: 'ann@example.com', kept: true },
    { ...job, id: charged, payload: { cents: 5 } },
    { ...job, id: shop, parent: charged, name: 'mail', state: 'ready', payload: 'shop@example.com', kept: true },
    { ...job, id: later, state: 'delayed', payload: { cents: 7 }, group_key: 'ann' },
  ])
})

test('a flow with a payload that is not its job’s does not compile, and one that its schema refuses is not enqueued', async () => {
  await using fp = fencepost(database.url)
  const one = {
    name: 'one',
    queue: 'schema',
    schema: { '~standard': { version: 1, vendor: 'test', validate } },
    run: () => {},
  }
  await expect(
    fp.enqueueFlow({
      job: mail,
      payload: 'a',
      children: [{ job: { ...one, schema: { '~standard': { ...one.schema['~standard'], version: 1 } } }, payload: 2 }],
    }),
  ).rejects.toThrow('the payload of job "one" is refused: it is not 1')
  expect((await admin.query(`select from fencepost.jobs where payload = '"a"'`)).rowCount).toBe(0)
  const mistaken = async () => {
    // @ts-expect-error -- mail takes a text
    await fp.enqueueFlow({ job: mail, payload: 5 })
    // @ts-expect-error -- charge takes cents
    await fp.enqueueFlow({ job: mail, payload: 'a', children: [{ job: charge, payload: 'b' }] })
    // @ts-expect-error -- charge needs a payload
    await fp.enqueueFlow({ job: mail, payload: 'a', children: [{ job: charge }] })
  }
  expect(mistaken).toBeTypeOf('function')
})

test('a flow is refused for what enqueue refuses: options, groups and payloads that cannot be right', async () => {
  await using fp = fencepost(database.url)
  const flow = (options: object, payload = 'a') => fp.enqueueFlow({ job: mail, payload, options })
  await expect(flow({ priority: 0.5 })).rejects.toThrow('priority must be a whole number')
  await expect(flow({ group: '' })).rejects.toThrow('the group of a job must have 1 to 512 bytes')
  await expect(flow({ key: 'a' })).rejects.toThrow("has no option 'key'")
  await expect(flow({}, 'a\0')).rejects.toMatchObject({ code: 'JOB_PAYLOAD', jobName: 'mail' })
})
