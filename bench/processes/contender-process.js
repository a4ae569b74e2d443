// A process that locks, writes, or enqueues and works, by way of one subject, as it is told over IPC.
import { openLocker } from '../peers/locker.js'
import { openWriter } from '../peers/writer.js'
import { openQueue } from '../queues/job-queue.js'
import { contention } from './acts/contention.js'
import { crowd } from './acts/crowd.js'
import { draining } from './acts/draining.js'
import { enqueueing } from './acts/enqueueing.js'
import { latencies } from './acts/latencies.js'
import { pairs } from './acts/pairs.js'
import { rescuing } from './acts/rescuing.js'
import { transactions } from './acts/transactions.js'
import { turns } from './acts/turns.js'

const { subject, endpoints, part } = JSON.parse(process.argv[2] ?? '{}')
const parts = { locker: openLocking, writer: openWriting, queue: openQueueing }
const opened = await parts[/** @type {keyof typeof parts} */ (part)]()

process.on('message', (message) => void answer(message))
// Also when whoever started us died.
process.on('disconnect', () => void end())

/** @typedef {{ acts: Record<string, (...args: any[]) => unknown>, close: () => Promise<unknown> }} Part @returns {Promise<Part>} */
async function openLocking() {
  const locker = await openLocker(subject, endpoints)
  const acts = { ready: () => true, ...pairs(locker), ...turns(locker), ...crowd(locker), ...contention(locker) }
  return { acts, close: () => locker.close() }
}

/** @returns {Promise<Part>} */
async function openWriting() {
  const writer = await openWriter(subject, endpoints)
  return { acts: { ready: () => true, ...transactions(writer) }, close: () => writer.close() }
}

/** @returns {Promise<Part>} */
async function openQueueing() {
  const queue = await openQueue(subject, endpoints)
  const acts = { ...enqueueing(queue), ...draining(queue), ...latencies(queue), ...rescuing(queue) }
  return { acts: { ready: () => true, ...acts }, close: () => queue.close() }
}

/** @param {any} message */
async function answer({ id, act, args }) {
  try {
    tell({ id, result: await opened.acts[act]?.(...args) })
  } catch (error) {
    tell({ id, error: error.stack })
  }
}

/** @param {object} message */
function tell(message) {
  // Nobody listens any more when the run was ended meanwhile.
  if (process.connected) process.send?.(message)
}

async function end() {
  await Promise.resolve(opened.close()).catch(() => {})
  process.exit()
}
