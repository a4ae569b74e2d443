import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

/** So that a blocked one is not alone: it may complete a job that nobody else wants. */
const WORKERS = 2

const finished = async (queue: string) =>
  (
    await admin.query(
      'select name, state, attempt, error from fencepost.finished_jobs where queue = $1 order by name',
      [queue],
    )
  ).rows
const live = async (queue: string) =>
  (await admin.query('select name, state, attempt from fencepost.jobs where queue = $1', [queue])).rows

test('a job that throws undefined, never returns, has a payload of 10 MB or a name nobody knows: each has its state, and the others are done', async () => {
  await using fp = fencepost(database.url)
  const queue = 'odd'
  const done: number[] = []
  const large = defineJob({ name: 'large', queue, run: ({ text }: { text: string }) => void done.push(text.length) })
  const small = defineJob({ name: 'small', queue, run: (number: number) => void done.push(number) })
  const [throws, never] = [
    defineJob({
      name: 'throws',
      queue,
      retry: { attempts: 1 },
      run() {
        // oxlint-disable-next-line typescript/only-throw-error -- what a library may do
        throw undefined
      },
    }),
    defineJob({ name: 'never', queue, retry: { attempts: 1 }, timeout: '300ms', run: () => new Promise(() => {}) }),
  ]
  const unknown = defineJob({ name: 'unknown', queue })
  await fp.enqueue(unknown)
  await fp.enqueue(never)
  await fp.enqueue(throws)
  await fp.enqueue(large, { text: 'x'.repeat(10_000_000) })
  await fp.enqueueMany(small, [1, 2, 3])
  await using worker = fp.worker([throws, never, large, small], { queues: [queue], concurrency: 4, onError: () => {} })
  await worker.idle()
  expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 10_000_000])
  expect(await finished(queue)).toEqual([
    { name: 'never', state: 'dead', attempt: 1, error: expect.stringMatching(/300 ms/) },
    { name: 'throws', state: 'dead', attempt: 1, error: expect.stringMatching(/undefined/) },
  ])
  // It waits for a worker that knows it, and fp.jobs.counts shows it.
  expect(await live(queue)).toEqual([{ name: 'unknown', state: 'ready', attempt: 0 }])
  expect(await fp.jobs.counts()).toContainEqual(expect.objectContaining({ name: 'unknown', state: 'ready', jobs: 1 }))
}, 60_000)

test('jobs that are too heavy to be claimed together are claimed by and by, and in plain SQL one is told', async () => {
  await using fp = fencepost(database.url)
  const queue = 'heavy'
  const lengths: number[] = []
  const heavy = defineJob({ name: 'heavy', queue, run: ({ text }: { text: string }) => void lengths.push(text.length) })
  const enqueue = `select fencepost.enqueue_jobs('heavy', jsonb_build_array(jsonb_build_object('text', repeat('x', 9000000))), queue => 'heavy')`
  for (let i = 0; i < 8; i++) await admin.query(enqueue)
  const client = await admin.connect()
  const { rows } = await client.query<{ session: string }>(`select fencepost.open_worker('{heavy}') as session`)
  const claim = (most: number) =>
    client.query('select fencepost.claim_jobs($1, $2, $3, 0)', [rows[0]?.session, '{heavy}', most])
  await expect(claim(8)).rejects.toMatchObject({ code: '54000', hint: 'Claim fewer at once.' })
  await claim(1)
  client.release(true)
  const errors: Error[] = []
  await using worker = fp.worker([heavy], { queues: [queue], concurrency: 24, onError: (error) => errors.push(error) })
  await eventually(async () => lengths.length === 8)
  await worker.idle()
  expect(lengths).toEqual(Array.from({ length: 8 }, () => 9_000_000))
  expect(errors).toEqual([])
}, 60_000)

test.each([
  ['exits', 'its process', {}],
  ['blocks', 'the event loop for longer than freezeTimeout', { freezeTimeout: '1s' }],
])(
  'a job that %s %s ends dead with the reason after its attempts, and the others are done',
  async (name, _what, instance) => {
    const [queue, attempts] = [name, 2]
    const enqueue = 'select fencepost.enqueue_jobs($1, $2, queue => $3, attempts => $4)'
    await admin.query(enqueue, [name, '[null]', queue, attempts])
    await admin.query(enqueue, ['quick', JSON.stringify(Array.from({ length: 20 }, (_, i) => i)), queue, 10])
    const workers: Remote[] = []
    try {
      // As a supervisor does.
      await eventually(async () => {
        const working = workers.filter(({ hasEnded }) => !hasEnded)
        if (working.length < WORKERS)
          workers.push(
            await Remote.run('fixtures/worker.js', [
              database.url,
              { instance, worker: { queues: [queue], concurrency: 4 } },
            ]),
          )
        return (await live(queue)).length === 0
      })
      expect(await finished(queue)).toEqual([
        {
          name,
          state: 'dead',
          attempt: attempts,
          error: expect.stringMatching(/^its worker died: .* at attempt 2 of 2$/),
        },
      ])
    } finally {
      for (const worker of workers) await worker.kill()
    }
  },
  60_000,
)
