import { constants } from 'node:os'
import { whenOrphaned } from '../scripts/run/when-orphaned.js'

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Somebody ended the run; `exitCode` is 128 + the signal's number. */
export class Interruption extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`ended by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * The result of `work`, unless a signal comes first.
 *
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 * @throws {Interruption}
 */
export async function unlessInterrupted(work) {
  const over = new AbortController()
  /** @type {Promise<never>} */
  const interrupted = new Promise((_, reject) => {
    const interrupt = (/** @type {NodeJS.Signals} */ signal) => reject(new Interruption(signal))
    for (const signal of SIGNALS) process.on(signal, interrupt)
    const forget = whenOrphaned(() => interrupt('SIGTERM'))
    over.signal.addEventListener('abort', () => {
      for (const signal of SIGNALS) process.off(signal, interrupt)
      forget()
    })
  })
  try {
    return await Promise.race([work, interrupted])
  } finally {
    over.abort()
  }
}
