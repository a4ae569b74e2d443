import { parseInt8Array } from '../wire/int8-array.ts'
import type { Terms } from './enqueue-options.ts'

/** A job as it is sent. */
export interface Prepared {
  readonly terms: Terms
  /** The payload, as JSON. */
  readonly json: string
  readonly key: string | null
  readonly group: string | null
}

/** What became of it. */
export interface Enqueued {
  /** Of the job, or of the one there was already. */
  readonly id: number
  /** Whether a job was enqueued. */
  readonly isNew: boolean
}

/** A statement of one row and one column; all its values are texts, as a literal or a parameter can be. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: readonly (string | null)[]
}

// No `::` and no `?`: some clients take these for placeholders of their own.
const PLAIN = `cast(fencepost.enqueue_jobs($1, $2, $3, $4, $5, $6,
  make_interval(secs => $7), make_interval(secs => $8), $9, null, $10) as text) as ids`
const KEYED = `cast(fencepost.enqueue_keyed($1, $2, $11, $3, $4, $5, $6,
  make_interval(secs => $7), make_interval(secs => $8), $9, $10, $12, make_interval(secs => $13), $14) as text) as ids`

/**
 * Enqueues jobs that are alike but for payloads, keys and groups.
 *
 * @param waits for whoever else is at one of the keys; otherwise such a job is not enqueued.
 */
export function statementOf(jobs: readonly Prepared[], { waits }: { readonly waits: boolean }): Statement {
  const { jobName, queue, priority, attempts, runAt, keepMs, delayMs, isLimited, onDuplicate, windowMs } = (
    jobs[0] as Prepared
  ).terms
  const values = [
    jobName,
    `[${jobs.map(({ json }) => json).join()}]`,
    queue,
    String(priority),
    String(attempts),
    runAt,
    secondsOf(keepMs),
    secondsOf(delayMs),
    jobs.some(({ group }) => group !== null) ? JSON.stringify(jobs.map(({ group }) => group)) : null,
    String(isLimited),
  ]
  if (onDuplicate === null) return { name: 'enqueue_jobs', text: PLAIN, values }
  const keys = JSON.stringify(jobs.map(({ key }) => key))
  return {
    name: 'enqueue_keyed',
    text: KEYED,
    values: [...values, keys, onDuplicate, secondsOf(windowMs), String(waits)],
  }
}

/** Job by job; null: somebody else is at its key. The server says minus the id of the job that is there instead. */
export function readEnqueued(ids: string): (Enqueued | null)[] {
  return parseInt8Array(ids).map((id) => (id === null ? null : { id: Math.abs(id), isNew: id > 0 }))
}

function secondsOf(ms: number | null): string | null {
  return ms === null ? null : String(ms / 1000)
}
