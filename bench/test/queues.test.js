import { spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peersWanting } from '../peers/peers-wanting.js'
import { draining } from '../processes/acts/draining.js'
import { latencies } from '../processes/acts/latencies.js'
import { openQueue } from '../queues/job-queue.js'
import { startPostgresServer } from '../servers/postgres.js'
import { DEFAULTS, startRedis } from '../servers/redis.js'
import { Endings } from '../endings.js'

/** @typedef {import('../suites.js').Subject} Subject */

const MAIN = join(import.meta.dirname, '..', 'main.js')
const COUNT = 1200
const CONCURRENCY = 24
const LIMIT_MS = 60_000
/** @type {Subject[]} */
const PEERS = ['raw', 'graphile-worker', 'graphile-worker batch', 'pg-boss batch', 'bullmq']

const { left, notes } = await peersWanting(PEERS)
for (const note of notes) console.warn(note)
const here = PEERS.filter((subject) => !left.includes(subject))
const endings = new Endings()
/** @type {import('../queues/job-queue.js').Endpoints} */
let endpoints

beforeAll(async () => {
  const postgres = await startPostgresServer(null)
  endings.add(() => postgres.end())
  const redis = here.includes('bullmq') ? await startRedis([DEFAULTS], endings) : { ports: [] }
  endpoints = { postgres: postgres.url, redis: [], bullmq: { bullmq: redis.ports[0] ?? 0 } }
})

afterAll(() => endings.all())

describe.each(here)('%s', (subject) => {
  test('handles each job exactly once, and then none is left', async () => {
    const queue = await openQueue(subject, endpoints)
    await queue.prepare()
    /** @type {number[]} */
    const handled = []
    const numbers = Array.from({ length: COUNT }, (_, i) => i)
    await queue.enqueueBatch(numbers.slice(0, COUNT / 2))
    for (const number of numbers.slice(COUNT / 2)) await queue.enqueue(number)
    expect(await queue.isDone()).toBe(false)

    const tell = new EventEmitter()
    const all = once(tell, 'all')
    const stop = await queue.work((number) => {
      if (handled.push(number) === COUNT) tell.emit('all')
    }, CONCURRENCY)
    await all
    while (!(await queue.isDone()));

    await stop()
    expect(handled.toSorted((a, b) => a - b)).toEqual(numbers)
    await queue.close()
  })

  test('is measured by what it does twice in a row, and when it is idle', async () => {
    const queue = await openQueue(subject, endpoints)
    await queue.prepare()
    const { drain } = draining(queue)
    const how = { count: COUNT, concurrency: CONCURRENCY, limitMs: LIMIT_MS }
    for (let i = 0; i < 2; i++) {
      expect(await drain(how)).toEqual({ rate: expect.any(Number), done: COUNT, isWhole: true })
    }
    const seen = await latencies(queue).latencies({ ...how, count: 3 })
    expect(seen).toHaveLength(3)
    await queue.close()
  })
})

test.skipIf(here.length < PEERS.length)('what one subject leaves over is not for another to work off', async () => {
  const subjects = /** @type {const} */ (['graphile-worker', 'graphile-worker batch'])
  const [one, other] = await Promise.all(subjects.map((subject) => openQueue(subject, endpoints)))
  await one?.prepare()
  await other?.prepare()
  await one?.enqueueBatch([1])
  expect(await one?.isDone()).toBe(false)
  expect(await other?.isDone()).toBe(true)
  await one?.close()
  await other?.close()
})

test('a job that is handled twice fails the work', async () => {
  const queue = await openQueue('raw', endpoints)
  await queue.prepare()
  const twice = {
    ...queue,
    work: (/** @type {import('../queues/job-queue.js').Handler} */ handler, /** @type {number} */ concurrency) =>
      queue.work((number) => {
        void handler(number)
        if (number === 7) void handler(number)
      }, concurrency),
  }
  const how = { count: COUNT, concurrency: CONCURRENCY, limitMs: LIMIT_MS }
  await expect(draining(twice).drain(how)).rejects.toThrow(/1 times a job was handled that had been/)
  await queue.close()
})

test('a run without fencepost prints the figures of its peers and how they are set', () => {
  const works = ['drain', 'enqueue-10', 'enqueue-500'].flatMap((work) => ['--work', work])
  const args = ['queue', '--quick', '--rounds', '1', '--subject', 'raw', ...works]
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(/^drain +raw +[\d,]+ +jobs\/s$/m)
  expect(stdout).toMatch(/^enqueue-10 +raw /m)
  expect(stdout).toMatch(/^enqueue-500 +raw /m)
  expect(stdout).toMatch(/^settings of raw: \{"claim":500/m)
})
