import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import { asError } from '../ground/as-error.ts'
import { FencepostError, StaleTokenError } from '../ground/errors.ts'
import { TransactionLostError } from '../ground/transaction-errors.ts'
import type { Lock, TransactionOptions } from '../locks/lock.ts'
import { serverErrorOf, sqlState } from '../wire/sql-state.ts'
import type { Begun, LockPlace, Records } from './records.ts'

/** What a schedule runs. Whatever it returns is not kept. */
export type CronWork = (tick: Tick) => unknown

interface Parts {
  readonly begun: Begun
  readonly lock: Lock
  readonly place: LockPlace
  readonly records: Records
  readonly signal: AbortSignal
}

/** One tick, while it runs. Its functions may be taken out of it: `({ transaction, signal }) => …`. */
export class Tick {
  /** Of the schedule. */
  readonly name: string
  /** When it was due, by the server's clock; when it was asked for, of a manual one. */
  readonly scheduledAt: Date
  /** Asked for with `runNow`. */
  readonly isManual: boolean
  /** 1, unless it was lost before and is run again. */
  readonly attempt: number
  /** The fencing token: larger than that of every earlier tick of this schedule, and of every earlier attempt. */
  readonly token: number
  /** A UUID, the same for all attempts: for whoever can do a thing only once by such a key. */
  readonly idempotencyKey: string
  /** Aborts when its lock is lost, with a `LockLostError`; after its `timeout`; and when the schedule was stopped and the grace is over. */
  readonly signal: AbortSignal
  readonly #parts: Parts

  constructor(name: string, parts: Parts) {
    const { begun, signal } = parts
    this.name = name
    this.scheduledAt = begun.scheduledAt
    this.isManual = begun.isManual
    this.attempt = begun.attempt
    this.token = begun.token
    this.idempotencyKey = begun.idempotencyKey
    this.signal = signal
    this.#parts = parts
  }

  /**
   * Runs `work` in a transaction that commits only while this process has the tick, and throws what `lock.transaction` throws. There may be
   * several; once one is committed, the tick is not run again, whatever happens to its process.
   */
  readonly transaction = async <T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> => {
    const { begun, lock, place, records } = this.#parts
    return await lock.transaction(async (tx) => {
      const result = await work(tx)
      await records.commit(tx, begun, place).catch((error: unknown) => {
        // An error of the driver: the connection broke, and the transaction with it.
        const isBroken = sqlState(error) === undefined && !(error instanceof FencepostError)
        throw isBroken ? new TransactionLostError(lock.name, asError(error)) : error
      })
      return result
    }, options)
  }

  /** Guards a transaction of any client in the same way. As `lock.guard`, which says where to call it. */
  readonly guard = async (tx: AnyTransaction): Promise<void> => {
    const { begun, lock, place, records } = this.#parts
    try {
      // Before the gate: it may wait for another transaction of this tick.
      await records.commitIn(asQueryable(tx), begun, place)
    } catch (error) {
      const said = serverErrorOf(error)
      if (said?.code !== 'LK001') throw error
      throw new StaleTokenError(lock.name, lock.token, asError(error), said.detail)
    }
    await lock.guard(tx)
  }
}
