import { inspect } from 'node:util'
import { firstOf, orAborted } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { StaleTokenError } from '../ground/errors.ts'
import type { Lock } from '../locks/lock.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import { repeated } from '../wire/repeated.ts'
import { encodeResult, isUnstorable, unstorable } from '../results/stored-result.ts'
import { Callers } from './callers.ts'
import type { Kept, KeptResults, Outcome } from './kept-results.ts'
import { SingleFailedError } from './single-errors.ts'

export interface FlightParts {
  readonly locks: Locks
  readonly results: KeptResults
  /** Of the locks under which is computed. */
  readonly lockNamespace: string
  readonly closing: AbortSignal
}

const ATTEMPTS = 3

/**
 * What the callers of one key in one process wait for:
 *
 *     look ──kept──▶ all are answered
 *       └─▶ the lock of the key ──▶ look again ──somebody has computed it meanwhile──▶ all are answered
 *               ▲                        └─▶ compute ──▶ store, guarded ──▶ all are answered
 *               └──────lock lost────────────────┘            as they are when it throws
 */
export class Flight {
  readonly callers: Callers
  readonly #key: string
  readonly #parts: FlightParts

  constructor(key: string, parts: FlightParts) {
    this.#key = key
    this.#parts = parts
    this.callers = new Callers(key)
  }

  /** Answers its callers. Never rejects. */
  async run(): Promise<void> {
    try {
      const kept = await this.#parts.results.look(this.#key, null)
      if (kept?.isGood === true) return this.callers.settle(kept.result)
      for (let attempt = 1; ; attempt++) {
        const lost = await this.#runUnderLock(kept?.token ?? 0)
        if (lost === null) return
        if (attempt === ATTEMPTS) throw lost
      }
    } catch (error) {
      const { aborted, reason } = this.#parts.closing
      this.callers.fail(aborted ? reason : error)
    }
  }

  /** Why the lock was lost in the middle; null if all are answered. */
  async #runUnderLock(saw: number): Promise<Error | null> {
    const { locks, lockNamespace, results } = this.#parts
    const scope = new Scope()
    const lock = await this.#take(scope)
    const held = { owner: locks, keys: [locks.keyOf(this.#key, lockNamespace)], held: lock }
    return await scope.run(held, async () => {
      const kept = await results.look(this.#key, saw)
      if (kept?.isGood !== true) return await this.#compute(lock)
      this.#answer(kept)
      return null
    })
  }

  async #take(scope: Scope): Promise<Lock> {
    const { locks, lockNamespace, closing } = this.#parts
    using until = firstOf([closing, this.callers.left])
    const asked = { mode: 'exclusive', namespace: lockNamespace, signal: until.signal, scope, waitMs: null } as const
    return await locks.acquire(this.#key, { ...asked, onTicket: () => this.callers.refuseHasty() })
  }

  #answer({ result, error, ...computer }: Kept): void {
    if (error === null) this.callers.settle(result)
    else this.callers.fail(new SingleFailedError(this.#key, error, computer))
  }

  async #compute(lock: Lock): Promise<Error | null> {
    const chosen = this.callers.choose()
    if (chosen === undefined) return null
    const { ttlMs, work } = chosen
    using until = firstOf([lock.signal, this.callers.left, this.#parts.closing])
    let result: string | null
    try {
      // Whoever has lost the lock is not waited for: somebody else computes it by now.
      result = encodeResult(
        await orAborted(
          call(() => work({ key: this.#key, signal: until.signal })),
          lock.signal,
        ),
      )
    } catch (thrown) {
      return lock.signal.aborted ? asError(lock.signal.reason) : await this.#fail(lock, thrown)
    }
    try {
      await this.#store(lock, { result, error: null, ttlMs })
    } catch (error) {
      if (isUnstorable(error)) return await this.#fail(lock, unstorable(error))
      if (lock.signal.aborted || error instanceof StaleTokenError) return asError(lock.signal.reason ?? error)
      throw error
    }
    this.callers.settle(result)
    void this.#parts.results.sweep()
    return null
  }

  /** Who was only told that nobody waits has not failed; and who is not told that it has computes it himself. */
  async #fail(lock: Lock, thrown: unknown): Promise<null> {
    const outcome = { result: null, error: describe(thrown), ttlMs: 0 }
    if (!this.callers.left.aborted) await this.#store(lock, outcome).catch(() => {})
    this.callers.fail(thrown)
    void this.#parts.results.sweep()
    return null
  }

  async #store(lock: Lock, outcome: Outcome): Promise<void> {
    const { token } = lock
    await repeated(lock, (tx) => this.#parts.results.store(tx, this.#key, { token, ...outcome }))
  }
}

async function call<T>(work: () => T): Promise<Awaited<T>> {
  return await work()
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown)
}
