import { hostname } from 'node:os'
import type { EvictCall } from '../eviction/evict-call.ts'
import { parseEvictOptions } from '../eviction/eviction-options.ts'
import { checkLockable, nameOf } from '../ground/foreign-key.ts'
import { checkNamespace } from '../ground/name.ts'
import { ProvidedLocks } from '../providers/provided-locks.ts'
import { TestClock, testClock } from '../testing/test-clock.ts'
import { MemoryClock } from './memory-clock.ts'
import { memoryFencing, type RunTransaction } from './memory-fencing.ts'
import { MemoryLines } from './memory-lines.ts'
import { MemoryProvider } from './memory-provider.ts'

export interface MemoryLocksOptions {
  /** What waits are counted by. Default: one of its own. */
  readonly clock?: TestClock
  /** Default `'default'`. */
  readonly namespace?: string
  /** What others are told of a holder. Default `'memory'`. */
  readonly application?: string
  /**
   * What `lock.transaction` and `fp.transaction` run their function in, a transaction of another database or a fake; it is refused, with
   * a `StaleTokenError`, if the lock is lost before it is done. Default: they throw a `NotFencedError`.
   */
  readonly transaction?: RunTransaction
}

const KNOWN = ['clock', 'namespace', 'application', 'transaction']

/**
 * Locks as `fencepost()` has them, in the memory of this process and without a database, for unit tests: the same calls, errors, tokens
 * and order, and waits by a clock that can be moved. It guards no row: see `transaction`.
 *
 * @throws {TypeError} for an option that does not exist or cannot be right.
 */
export function memoryLocks(options: MemoryLocksOptions = {}): MemoryLocks {
  const seat = seatOf(options, KNOWN)
  const { clock = testClock() } = options
  if (!(clock instanceof TestClock)) throw new TypeError('clock must be made by testClock()')
  const moved = new MemoryClock(clock)
  return new MemoryLocks(new MemoryLines(() => moved.date()), moved, seat)
}

interface Seat {
  readonly namespace: string
  readonly application: string
  readonly transaction?: RunTransaction
}

function seatOf(options: MemoryLocksOptions, known: readonly string[]): Seat {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
  const { namespace = 'default', application = 'memory', transaction } = options
  checkNamespace(namespace)
  if (typeof application !== 'string') throw new TypeError('application must be a string')
  if (transaction === undefined) return { namespace, application }
  if (typeof transaction !== 'function') {
    throw new TypeError('transaction must be a function that calls its argument with a transaction')
  }
  return { namespace, application, transaction }
}

export class MemoryLocks extends ProvidedLocks {
  /** As `fp.evict` has it: the holder is asked, and lets go at once. */
  readonly evict: EvictCall
  readonly #lines: MemoryLines
  readonly #clock: MemoryClock
  readonly #seat: Seat

  /** Use `memoryLocks()`. */
  constructor(lines: MemoryLines, clock: MemoryClock, seat: Seat) {
    const { namespace, application, transaction } = seat
    const provider = new MemoryProvider(lines, { application, host: hostname(), process: process.pid })
    super(provider, namespace, { clock, fencing: (events) => memoryFencing(lines, transaction, events) })
    this.#lines = lines
    this.#clock = clock
    this.#seat = seat
    this.evict = async (name, options = {}) => {
      checkLockable(name)
      const { token, signal } = parseEvictOptions(options)
      signal?.throwIfAborted()
      return provider.evict({ name: nameOf(name), namespace }, token)
    }
  }

  /** Another process, as it were: the same locks, clock and options, but for those given. @throws {TypeError} as `memoryLocks()` does. */
  peer(options: Omit<MemoryLocksOptions, 'clock'> = {}): MemoryLocks {
    const known = KNOWN.filter((option) => option !== 'clock')
    return new MemoryLocks(this.#lines, this.#clock, seatOf({ ...this.#seat, ...options }, known))
  }
}

/** What `Fencepost` and `MemoryLocks` both have: the type of code that locks and is tested without a database. */
export type Locking = Pick<
  MemoryLocks,
  'lock' | 'tryLock' | 'lockAll' | 'who' | 'evict' | 'transaction' | 'on' | 'close' | typeof Symbol.asyncDispose
>
