// One life of one process of a random history: its callers take the steps they are sent and write down what happens.
// Plain JavaScript: it runs as it stands.
import diagnostics from 'node:diagnostics_channel'
import { setTimeout as pause } from 'node:timers/promises'
import { fencepost } from 'fencepost'
import { counts, describe, record, settings } from './life.js'
import { write } from './write.js'

const { url, library, life, callers } = settings
const fp = fencepost(url, library)
/** Calls that may be given a ticket, in their order. */
const waiting = new Map()
/** The callers that have run out of steps. */
const hungry = new Map()
let isDraining = false

// Tickets are drawn in the order of the calls. One that gives up just now may take the event of the next: that one is then
// taken to be in line later than it is.
diagnostics.subscribe('fencepost:waiting', ({ name, mode }) => {
  const id = [...waiting.keys()].find((one) => waiting.get(one).name === name && waiting.get(one).mode === mode)
  if (id === undefined) return
  waiting.delete(id)
  record('waiting', id)
})

process.on('message', ({ caller, steps, drain }) => {
  // Who runs out of steps from now on is sent none.
  if (drain) isDraining = true
  else hungry.get(caller)?.(steps)
})
process.on('disconnect', () => process.exit())
setInterval(() => process.send({ counts }), 1000).unref()
await Promise.all(Array.from({ length: callers }, (_, caller) => run(caller)))
process.send({ counts, drained: true })

/** Takes steps until there are no more. */
async function run(caller) {
  for (let n = 0, steps = []; ; n++) {
    if (steps.length === 0) steps = await moreSteps(caller)
    const step = steps.shift()
    if (step === undefined || isDraining) return
    await take(step, `${life}/${caller}/${n}`, null)
  }
}

function moreSteps(caller) {
  return new Promise((resolve) => {
    hungry.set(caller, resolve)
    process.send({ hungry: caller })
  })
}

async function take(step, id, within) {
  const { name, mode, op, waitMs, abortMs } = step
  await pause(step.pauseMs)
  const aborter = abortMs === null ? undefined : new AbortController()
  const giveUp = () => aborter?.abort(Object.assign(new Error('aborted'), { code: 'ABORTED' }))
  const timer = setTimeout(giveUp, abortMs ?? 0)
  if (op === 'lock') waiting.set(id, step)
  // Without any it is infinite, which is null in what is written.
  const limitMs = op === 'try' ? abortMs : Math.min(waitMs ?? Infinity, abortMs ?? Infinity)
  record('called', id, { name, mode, op, within, limitMs })
  try {
    const options = optionsOf(step, aborter?.signal)
    await (step.form === 'callback' ? inCallback : byHandle)(step, id, options)
  } catch (error) {
    record('refused', id, describe(error))
    // Who cannot reach the server would otherwise ask again at once.
    if (!['ABORTED', 'LOCK_TIMEOUT'].includes(error.code)) await pause(50)
  } finally {
    waiting.delete(id)
    clearTimeout(timer)
  }
}

function optionsOf({ mode, op, waitMs }, signal) {
  return {
    ...(mode === 'shared' ? { shared: true } : {}),
    ...(op === 'again' ? { reentrant: true } : {}),
    ...(waitMs !== null && op !== 'try' ? { wait: `${waitMs}ms` } : {}),
    ...(signal === undefined ? {} : { signal }),
  }
}

async function inCallback(step, id, options) {
  let held
  await takeLock(step, options, async (lock) => {
    held = lock
    granted(id, lock)
    await act(step, id, lock)
    record('release', id)
  })
  if (held === undefined) record('refused', id, { code: 'BUSY' })
  else record('released', id, { isLost: held.signal.aborted })
}

async function byHandle(step, id, options) {
  const lock = await takeLock(step, options)
  if (lock === null) return record('refused', id, { code: 'BUSY' })
  granted(id, lock)
  await act(step, id, lock)
  record('release', id)
  await lock.release()
  record('released', id, { isLost: lock.signal.aborted })
}

function takeLock({ name, op }, options, ...work) {
  return op === 'try' ? fp.tryLock(name, options, ...work) : fp.lock(name, options, ...work)
}

function granted(id, lock) {
  record('granted', id, { token: lock.token })
  waiting.delete(id)
  const lost = () => record('lost', id, { message: lock.signal.reason?.message })
  lock.signal.addEventListener('abort', lost, { once: true })
}

async function act(step, id, lock) {
  for (const [i, one] of step.acts.entries()) {
    if (one.kind === 'hold') await pause(one.ms)
    else if (one.kind === 'inner') await take(one.step, `${id}.${i}`, id)
    else await write(lock, one, `${id}#${i}`)
  }
}
