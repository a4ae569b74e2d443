import { checkName } from './name.ts'

/** What a lock is asked for by: a name of ours, or the key of another program. */
export type Lockable = string | ForeignKey

/** The advisory key that another program locks; `key` makes them. Both forms are their own space: they never meet. */
export class ForeignKey {
  /** Of 64 bits; null for a pair. */
  readonly int8: bigint | null
  /** A pair of 32 bits each; null for one of 64. */
  readonly int4: readonly [number, number] | null
  readonly #name: string

  /** Use `key.int8()`. */
  static ofInt8(value: bigint): ForeignKey {
    return new ForeignKey(value, null)
  }

  /** Use `key.int4()`. */
  static ofInt4(first: number, second: number): ForeignKey {
    return new ForeignKey(null, [first, second])
  }

  private constructor(int8: bigint | null, int4: readonly [number, number] | null) {
    this.int8 = int8
    this.int4 = int4
    this.#name = int4 === null ? `foreign:int8:${int8}` : `foreign:int4:${int4.join(':')}`
  }

  /** That of the lock our own processes take along with it: the same for the same key, however it was made. */
  get name(): string {
    return this.#name
  }

  toString(): string {
    return this.#name
  }
}

/** The name a lock has among our own processes. */
export function nameOf(lockable: Lockable): string {
  return typeof lockable === 'string' ? lockable : lockable.name
}

/** The key of another program that is locked along with it, if there is one. */
export function foreignOf(lockable: Lockable): ForeignKey | null {
  return typeof lockable === 'string' ? null : lockable
}

/** @throws {TypeError} for what is neither a name nor made by `key`. */
export function checkLockable(lockable: unknown): asserts lockable is Lockable {
  if (!(lockable instanceof ForeignKey)) checkName(lockable)
}
