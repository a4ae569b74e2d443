import { AsyncLocalStorage } from 'node:async_hooks'
import { randomInt } from 'node:crypto'
import { DeadlockError } from '../ground/errors.ts'
import type { Mode } from '../ground/mode.ts'

/** What a scope holds: one lock, or several. */
export interface Held {
  readonly mode: Mode
  readonly isReleased: boolean
  readonly signal: AbortSignal
  release(): Promise<void>
}

const current = new AsyncLocalStorage<Scope | undefined>()
const IDS = 2 ** 48 - 1

/**
 * A callback for which something is held, and all that is called in it: how a call is known to wait for itself. Whatever is
 * started there and goes on after its end is not part of it.
 */
export class Scope {
  /** Unlike that of any other, in all processes. */
  readonly id = randomInt(1, IDS)
  readonly #outer = Scope.here()
  #held: Held | undefined
  #keys: ReadonlySet<bigint> = new Set()
  #owner: object | undefined
  #users = 0

  /** The scope this call is made in. */
  static here(): Scope | undefined {
    let scope = current.getStore()
    while (scope !== undefined && scope.#users === 0) scope = scope.#outer
    return scope
  }

  /** Calls `work` as if it were made in no scope: it waits for itself, if it comes to that. */
  static outside<T>(work: () => T): T {
    return current.run(undefined, work)
  }

  /** Of the scope this call is made in and those around it, outermost first. */
  static idsHere(): number[] {
    const ids: number[] = []
    for (let scope = Scope.here(); scope !== undefined; scope = scope.#outer)
      if (scope.#users > 0) ids.unshift(scope.id)
    return ids
  }

  /** The innermost scope around this call that holds the key for that owner. */
  static holding(owner: object, key: bigint): Scope | null {
    for (let scope = Scope.here(); scope !== undefined; scope = scope.#outer) if (scope.#holds(owner, key)) return scope
    return null
  }

  /** How many scopes around this call hold the key for that owner. */
  static countHolding(owner: object, key: bigint): number {
    let count = 0
    for (let scope = Scope.here(); scope !== undefined; scope = scope.#outer) if (scope.#holds(owner, key)) count++
    return count
  }

  /** The one around this call that holds the key and may be joined; null if there is none. @throws {DeadlockError} for a shared one made exclusive. */
  static toJoin(owner: object, key: bigint, { name, mode }: { name: string; mode: Mode }): Scope | null {
    const scope = Scope.holding(owner, key)
    if (scope?.mode === 'shared' && mode === 'exclusive') throw new DeadlockError(name, [])
    return scope
  }

  get mode(): Mode | undefined {
    return this.#held?.mode
  }

  /** Runs `work` with what was taken for it, and lets go at the end, before the result and without hiding an error of the work. */
  async run<T, L extends Held>(
    taken: { owner: object; keys: readonly bigint[]; held: L },
    work: (held: L) => Promise<T> | T,
  ) {
    this.#owner = taken.owner
    this.#keys = new Set(taken.keys)
    this.#held = taken.held
    return await this.#run(async () => await work(taken.held))
  }

  /** Runs `work` with what is held already; it is let go of when the last one has ended. */
  async join<T, L extends Held>(work: (held: L) => Promise<T> | T): Promise<T> {
    const held = this.#held as Held as L
    held.signal.throwIfAborted()
    return await this.#run(async () => await work(held))
  }

  #holds(owner: object, key: bigint): boolean {
    return this.#owner === owner && this.#keys.has(key) && this.#users > 0 && this.#held?.isReleased === false
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.#users++
    try {
      return await current.run(this, work)
    } finally {
      if (--this.#users === 0) await this.#held?.release()
    }
  }
}
