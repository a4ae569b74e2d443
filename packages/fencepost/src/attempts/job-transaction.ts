import { asError } from '../ground/as-error.ts'
import { describeRefusal } from '../fencing/guard.ts'
import { pooledTransaction, type Transaction } from '../fencing/pooled-transaction.ts'
import { encodeResult } from '../results/stored-result.ts'
import { literal } from '../postgres/place-values.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { Claimed, Desk } from './claimed.ts'
import { StaleJobError } from './job-errors.ts'

/** What to do in the transaction of a job. */
export interface JobWork<T> {
  /** Of the job: once it has aborted, nothing is committed whose COMMIT was not sent. */
  readonly signal: AbortSignal
  readonly run: (tx: Transaction) => Promise<T>
}

/**
 * Runs `work` in a transaction whose COMMIT completes the job, with what `work` returns as its result where somebody wants one. The two are one:
 * an attempt that no longer has the job when COMMIT comes is refused, and so is all it wrote.
 */
export async function jobTransaction<T>(job: Claimed, desk: Desk, { signal, run }: JobWork<T>): Promise<T> {
  const { origin, schema } = desk
  const place = `${job.id}, ${job.token}`
  return await pooledTransaction(origin, {
    owner: job,
    schema,
    lost: signal,
    run,
    // Told outright: a snapshot that is older than the COMMIT's own statement would not see who took the job over.
    opening: ({ isWatched }) =>
      schema.place(
        `begin isolation level read committed read write; call fencepost.open_job(${place}, ${limitOf(isWatched, desk)})`,
      ),
    closing(result) {
      signal.throwIfAborted()
      return `${schema.place(`call fencepost.close_job(${place}, `)}${resultOf(job, result)}); commit`
    },
    describe: (error) => describeRefusal(describeLoss(error, job), undefined),
  })
}

/** LK009 as a `StaleJobError`; anything else as it is. */
export function describeLoss(error: unknown, job: Claimed): unknown {
  const said = serverErrorOf(error)
  if (said?.code !== 'LK009' || error instanceof StaleJobError) return error
  const cause = asError(said)
  return new StaleJobError(job, said.detail ?? cause.message, { cause })
}

/** None where the connections of the pool have the limits of such transactions already. */
function limitOf(isWatched: boolean, { freezeMs }: Desk): string {
  return isWatched ? 'null' : `${freezeMs} * interval '1 ms'`
}

function resultOf(job: Claimed, result: unknown): string {
  const text = job.isSimple ? null : encodeResult(result)
  return text === null ? 'null' : literal(text)
}
