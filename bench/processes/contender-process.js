// A process that locks by way of one subject, as it is told over IPC.
import { openLocker } from '../peers/locker.js'
import { contention } from './acts/contention.js'
import { crowd } from './acts/crowd.js'
import { pairs } from './acts/pairs.js'
import { turns } from './acts/turns.js'

const { subject, endpoints } = JSON.parse(process.argv[2] ?? '{}')
const locker = await openLocker(subject, endpoints)
/** @type {Record<string, (...args: any[]) => unknown>} */
const acts = { ready: () => true, ...pairs(locker), ...turns(locker), ...crowd(locker), ...contention(locker) }

process.on('message', (message) => void answer(message))
// Also when whoever started us died.
process.on('disconnect', () => void close())

/** @param {any} message */
async function answer({ id, act, args }) {
  try {
    tell({ id, result: await acts[act]?.(...args) })
  } catch (error) {
    tell({ id, error: error.stack })
  }
}

/** @param {object} message */
function tell(message) {
  // Nobody listens any more when the run was ended meanwhile.
  if (process.connected) process.send?.(message)
}

async function close() {
  await Promise.resolve(locker.close()).catch(() => {})
  process.exit()
}
