import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const ended = async (queue: string) =>
  (await admin.query('select name, state, error from fencepost.finished_jobs where queue = $1 order by name', [queue]))
    .rows
const live = async (queue: string) =>
  (await admin.query('select name, state from fencepost.jobs where queue = $1', [queue])).rows

test('whatever a job throws is recorded, and neither the worker nor its other jobs end with it', async () => {
  await using fp = fencepost(database.url)
  const told: Error[] = []
  const jobs = [
    failing('bare', Object.create(null), 'later'),
    failing('bare at once', Object.create(null), 'at once'),
    failing('surrogate', new Error('half \ud800'), 'later'),
    failing('symbol', Object.assign(new Error('x'), { message: Symbol('s') }), 'later'),
    failing('text', 'only a text', 'later'),
  ]
  for (const job of jobs) await fp.enqueue(job, null)
  await using worker = fp.worker(jobs, { onError: (error) => told.push(error) })
  await worker.idle()
  expect(await ended('thrown')).toMatchObject([
    { name: 'bare', state: 'dead', error: expect.stringContaining('no text') },
    { name: 'bare at once', state: 'dead', error: expect.stringContaining('no text') },
    { name: 'surrogate', state: 'dead', error: 'Error: half \ufffd' },
    { name: 'symbol', state: 'dead', error: expect.stringContaining('no text') },
    { name: 'text', state: 'dead', error: 'only a text' },
  ])
  expect([await live('thrown'), told]).toEqual([[], []])
}, 20_000)

test('an end that the server cannot store is its own job’s trouble: that is dead, and the others of its claim are done', async () => {
  await admin.query(`alter database ${database.name} set max_stack_depth = '100kB'`)
  await using fp = fencepost(database.url)
  const kept = defineJob({
    name: 'kept',
    queue: 'ends',
    keep: '1d',
    run: (payload: string) =>
      payload === 'snoozes for nothing' ? { snoozeMs: Number.NaN } : payload === 'deep' ? nested(3000) : payload,
  })
  await fp.enqueueMany(kept, ['well', 'deep', 'snoozes for nothing', 'well'])
  await using worker = fp.worker([kept], { onError: () => {} })
  await worker.idle()
  const states = (await ended('ends')).map(({ state }) => state as string)
  expect(states.toSorted()).toEqual(['dead', 'dead', 'done', 'done'])
  expect(await live('ends')).toEqual([])
}, 20_000)

/** JSON.stringify still writes it, and the server refuses it for its depth. */
function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

function failing(name: string, thrown: unknown, how: 'at once' | 'later') {
  return defineJob({
    name,
    queue: 'thrown',
    retry: { attempts: 1 },
    run() {
      if (how === 'at once') throw thrown
      return Promise.reject(thrown as Error)
    },
  })
}
