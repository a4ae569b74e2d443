import { firstOf, pause } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { checkLockable, type Lockable } from '../ground/foreign-key.ts'
import { DatabaseUnreachableError, StandbyError } from '../ground/server-errors.ts'
import type { Lock } from '../locks/lock.ts'
import type { AskedToWait } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { checkLeadOptions, type LeadOptions, type LeadWork } from './lead-options.ts'
import { Term } from './term.ts'

export interface ElectionsOptions {
  readonly locks: Locks
  readonly sessions: Pick<Sessions, 'wasOpen'>
  readonly closing: AbortSignal
}

/** How one term ended. */
type Ended<T> = { readonly value: T } | { readonly cause: Error; readonly error: unknown }

const LONGEST_PAUSE_MS = 5000
const FIRST_PAUSE_MS = 100

/**
 * Elections: one leader at a time for each name, which is the name of its lock.
 *
 *     standing by ──granted──▶ leading ──function returns, or throws──▶ out
 *         ▲                       │
 *         └──lost, or resigned────┘          out of both by the signal
 */
export class Elections {
  readonly #locks: Locks
  readonly #sessions: Pick<Sessions, 'wasOpen'>
  readonly #closing: AbortSignal

  constructor({ locks, sessions, closing }: ElectionsOptions) {
    this.#locks = locks
    this.#sessions = sessions
    this.#closing = closing
  }

  async lead<T>(name: Lockable, work: LeadWork<T>, options: LeadOptions = {}): Promise<T | undefined> {
    checkLockable(name)
    if (typeof work !== 'function') throw new TypeError('lead() needs a function to run while this process leads')
    const { signal, onEnd } = checkLeadOptions(options)
    using until = firstOf([this.#closing, signal])
    const asked = {
      waitMs: null,
      mode: 'exclusive',
      onWait: options.onStandby,
      signal: until.signal,
      isUrgent: true,
    } as const
    for (;;) {
      const scope = new Scope()
      const lock = await this.#campaign(name, { ...asked, scope }).catch((error: unknown) => {
        if (signal?.aborted && error === signal.reason) return null
        throw error
      })
      if (lock === null) return undefined
      const held = { owner: this.#locks, keys: [this.#locks.keyOf(name)], held: lock }
      const ended = await scope.run(held, async () => await serve(lock, work, until.signal))
      if ('value' in ended) return ended.value
      this.#closing.throwIfAborted()
      if (signal?.aborted) return leave(ended.error, signal)
      onEnd?.({ term: lock.token, ...ended })
    }
  }

  /** Stands by through outages, as a leader may be needed right after one; a server that was never reached is told. */
  async #campaign(name: Lockable, asked: AskedToWait): Promise<Lock> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.#locks.acquire(name, asked)
      } catch (error) {
        const isOutage = error instanceof DatabaseUnreachableError || error instanceof StandbyError
        if (!isOutage || !this.#sessions.wasOpen) throw error
      }
      await pause(pauseMs * (0.5 + Math.random() / 2), asked.signal)
    }
  }
}

/** The lock is given back by its scope, when the function is done, not when the term is over: nobody of this process runs it twice at a time. */
async function serve<T>(lock: Lock, work: LeadWork<T>, until: AbortSignal): Promise<Ended<T>> {
  const term = new Term(lock)
  const end = () => term.end(asError(until.reason))
  if (until.aborted) end()
  else until.addEventListener('abort', end, { once: true })
  try {
    const value = await work(term)
    const { aborted, reason } = term.signal
    return aborted && !until.aborted ? { cause: asError(reason), error: undefined } : { value }
  } catch (error) {
    if (!term.signal.aborted) throw error
    return { cause: asError(term.signal.reason), error }
  } finally {
    until.removeEventListener('abort', end)
  }
}

/** To be stopped on request is no error; what else went wrong meanwhile is one. */
function leave(error: unknown, { reason }: AbortSignal): undefined {
  const isStopped = error === undefined || error === reason || (error instanceof Error && error.name === 'AbortError')
  if (!isStopped) throw asError(error)
}
