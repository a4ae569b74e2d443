import { inspect } from 'node:util'
import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { firstOf } from '../ground/abort.ts'
import { DeadlockError } from '../ground/errors.ts'
import { CommitUncertainError, TransactionLostError } from '../ground/transaction-errors.ts'
import { OnceFailedError, OnceResultError, OnceUncertainError } from './once-errors.ts'
import type { Isolation } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import { optionsAndWork } from '../locks/lock-options.ts'
import type { Lock } from '../locks/lock.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { OnceKeys } from './once-keys.ts'
import { type AskedOnce, checkKey, type OnceRun, parseOnceOptions } from './once-options.ts'
import { type Inside, type Outcome, publicRecord, type Records, type Stored } from './records.ts'
import { repeated } from '../wire/repeated.ts'
import { encodeResult, isUnstorable, unstorable } from '../results/stored-result.ts'

/** The function of either form: the transaction comes first where there is one. */
// oxlint-disable-next-line typescript/no-explicit-any -- which form it is an option says, and the types of the front door
export type AnyWork = (...args: any[]) => unknown

interface Asked extends AskedOnce {
  readonly key: string
  readonly work: AnyWork
}

/** An attempt that was begun, under its lock. */
interface Running {
  readonly lock: Lock
  readonly begun: Stored
  readonly retentionMs: number | null
}

interface Ending {
  readonly begun: Stored
  readonly outcome: Outcome
}

const SWEPT = 20
const LOOK_MS = 10_000

/**
 * Runs a function once per key, or says that it does not know.
 *
 *     (none) ──begin──▶ running ──it returned──▶ done ───────retention──────▶ (none)
 *                         │ ▲ └────it threw────▶ failed ─────retention──────▶ (none)
 *       its lock is free, │ └────onFailed: 'retry'──┘
 *       and no outcome    ▼
 *                     uncertain ──onUncertain: 'retry'──▶ running            nothing leaves it by itself
 *                         └──reconcile──▶ done | failed | retry ──the next call──▶ running
 *
 * `running` is on disk before the function is called; it and every outcome are written in a transaction that is guarded with the
 * lock of the key: a runner that has lost it, whether it knows or not, records nothing. In the transactional form begin, effects
 * and outcome are one such transaction, or one of the caller's that holds the key itself, so nobody ever sees `running`.
 */
export class Once {
  readonly #keys: OnceKeys

  constructor(keys: OnceKeys) {
    this.#keys = keys
  }

  async call(key: string, rest: readonly [(object | AnyWork)?, AnyWork?]): Promise<unknown> {
    const [options, work] = optionsAndWork([...rest] as [(object | AnyWork)?, AnyWork?])
    checkKey(key)
    const parsed = parseOnceOptions(options)
    if (typeof work !== 'function') throw new TypeError('once() needs a function to run')
    const asked: Asked = { ...parsed, key, work }
    asked.signal?.throwIfAborted()
    const known = await this.#keys.look(key)
    if (known !== null && known.state !== 'running' && !asked.retries.includes(known.state)) return replay(known)

    const result = await this.#runAsAsked(asked)
    await this.#keys.sweep(SWEPT)
    return result
  }

  async #runAsAsked(asked: Asked): Promise<unknown> {
    const { key, isolation, inside } = asked
    if (inside !== null) return await this.#runInside(inside, asked)
    if (isolation !== null) return await this.#runCommitted(asked, isolation)
    return await this.#keys.hold(key, asked, (lock) => this.#run(lock, asked))
  }

  async #run(lock: Lock, asked: Asked): Promise<unknown> {
    const { key, retries, retentionMs, work } = asked
    const begun = await repeated(lock, (tx) =>
      this.#keys.records.begin(tx, { key, token: lock.token }, [...retries, 'running']),
    )
    if (begun.state !== 'running') return replay(begun)

    const running = { lock, begun, retentionMs }
    using signal = this.#signalOf(lock, asked)
    let value: unknown
    try {
      value = await work(runOf(begun, signal.signal))
    } catch (error) {
      // Its own error goes to the caller, also if it cannot be recorded: whoever comes next is told that it is uncertain.
      await this.#end(running, { state: 'failed', error: describe(error) }).catch(() => {})
      throw error
    }
    return await this.#recordDone(running, value)
  }

  /** It has happened, so it is recorded as done, with its result or without. */
  async #recordDone(running: Running, value: unknown): Promise<unknown> {
    const { record, problem } = await this.#endDone(running, value).catch((cause: unknown) => {
      const uncertain = publicRecord({ ...running.begun, state: 'uncertain' })
      throw new OnceUncertainError(uncertain, { cause, returned: { value } })
    })
    if (problem !== null) throw new OnceResultError(publicRecord(record), { cause: problem, returned: { value } })
    return replay(record)
  }

  async #endDone(running: Running, value: unknown): Promise<{ record: Stored; problem: Error | null }> {
    let problem: Error
    try {
      return { record: await this.#end(running, { state: 'done', result: encodeResult(value) }), problem: null }
    } catch (error) {
      if (!isUnstorable(error)) throw error
      problem = unstorable(error)
    }
    return { record: await this.#end(running, { state: 'done', error: problem.message }), problem }
  }

  /** @throws {StaleTokenError} if the lock of the key is no longer held; what is recorded stays as it is. */
  async #end({ lock, begun, retentionMs }: Running, how: Pick<Outcome, 'state'> & Partial<Outcome>): Promise<Stored> {
    const outcome = { result: null, error: null, retentionMs, ...how }
    const record = await repeated(lock, (tx) => this.#keys.records.end(tx, begun, outcome))
    if (record.state !== how.state || record.token !== begun.token || record.attempt !== begun.attempt) {
      throw new Error(`somebody else has written down meanwhile that it is ${record.state}`)
    }
    return record
  }

  /** A COMMIT without an answer is looked for: it was done with all its effects, or with none. */
  async #runCommitted(asked: Asked, isolation: Isolation): Promise<unknown> {
    const { key, retries } = asked
    const { records } = this.#keys
    try {
      return await this.#keys.hold(key, asked, async (lock) => {
        using signal = this.#signalOf(lock, asked)
        const run = async (tx: Transaction) => {
          const begun = await records.begin(tx, { key, token: lock.token }, retries)
          return begun.state === 'running'
            ? await this.#runBegun(tx, begun, { ...asked, signal: signal.signal })
            : begun
        }
        return replay(await lock.transaction(run, { isolation }))
      })
    } catch (error) {
      if (!(error instanceof CommitUncertainError) || error.lockName !== key) throw error
      const record = await this.#lookBehind(key, error)
      if (record?.state !== 'done') throw new TransactionLostError(key, error)
      return replay(record)
    }
  }

  /** What is recorded is the caller's to commit. If it commits although the function threw, the key has failed. */
  async #runInside(tx: AnyTransaction, asked: Asked): Promise<unknown> {
    const { key, retries, retentionMs, waitMs } = asked
    const { records, closing } = this.#keys
    const inside = asQueryable(tx)
    const token = await this.#keys.enter(tx, key, waitMs)
    const begun = await records.begin(inside, { key, token }, retries).catch((error: unknown) => {
      throw serverErrorOf(error)?.code === 'LK007' ? new DeadlockError(key, []) : error
    })
    if (begun.state !== 'running') return replay(begun)
    using signal = firstOf([asked.signal, closing])
    const work = async (_inside: unknown, run: OnceRun) => await asked.work(tx, run)
    try {
      return replay(await this.#runBegun(inside, begun, { ...asked, work, signal: signal.signal }))
    } catch (error) {
      const failed = { state: 'failed', result: null, error: describe(error), retentionMs } as const
      await records.end(inside, begun, failed).catch(() => {})
      throw error
    }
  }

  async #runBegun(tx: Inside, begun: Stored, asked: Asked & { signal: AbortSignal }): Promise<Stored> {
    const { work, signal, retentionMs } = asked
    const result = encodeResult(await work(tx, runOf(begun, signal)))
    return await endIn(this.#keys.records, tx, { begun, outcome: { state: 'done', result, error: null, retentionMs } })
  }

  /**
   * The next grant waits for a commit that is still under way, so what is there then is all there will be. It may not be on the
   * synchronous standby, so it is looked for in a transaction that is behind it there: if that is uncertain too, all of it is.
   */
  async #lookBehind(key: string, uncertain: CommitUncertainError): Promise<Stored | null> {
    const patience = { waitMs: LOOK_MS, signal: undefined }
    const look = async (tx: Transaction) => await this.#keys.records.confirm(tx, key)
    try {
      return await this.#keys.hold(key, patience, async (lock) => await repeated(lock, look))
    } catch {
      throw uncertain
    }
  }

  #signalOf(lock: Lock, { signal }: Asked) {
    return firstOf([lock.signal, signal, this.#keys.closing])
  }
}

/** What a call gets that does not run the function. */
function replay(record: Stored): unknown {
  if (record.state === 'failed') throw new OnceFailedError(publicRecord(record))
  if (record.state !== 'done') throw new OnceUncertainError(publicRecord(record))
  if (record.error !== null) throw new OnceResultError(publicRecord(record))
  return record.result
}

function runOf({ key, idempotencyKey, attempt }: Stored, signal: AbortSignal): OnceRun {
  return { key, idempotencyKey, attempt, signal }
}

async function endIn(records: Records, tx: Inside, { begun, outcome }: Ending): Promise<Stored> {
  try {
    return await records.end(tx, begun, outcome)
  } catch (error) {
    throw isUnstorable(error) ? unstorable(error) : error
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : inspect(thrown)
}
