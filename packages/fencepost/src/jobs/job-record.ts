/**
 * `ready`: to be claimed now. `delayed`: not before `runAt`. `waiting`: for its children. `running`: a worker has it. `done`: it was, and is kept.
 * `dead`: out of attempts, or given up; it can be redriven. `cancelled`: somebody did not want it any more.
 */
export type JobState = 'ready' | 'delayed' | 'waiting' | 'running' | 'done' | 'dead' | 'cancelled'

/** The worker that runs a job. */
export interface JobHolder {
  readonly application: string
  /** Empty if it has not told. */
  readonly host: string
  /** Process id on `host`. */
  readonly process: number
}

/** What the database knows of a job. */
export interface JobRecord {
  readonly id: number
  readonly queue: string
  readonly name: string
  readonly state: JobState
  /** Smaller runs first. */
  readonly priority: number
  /** How many times it has been claimed, and may be. */
  readonly attempt: number
  readonly attempts: number
  /** How many times a worker died that had it. */
  readonly crashes: number
  /** Of the attempt that runs; null while none does. */
  readonly token: number | null
  /** Null while it does not run. It may have died a moment ago. */
  readonly holder: JobHolder | null
  readonly key: string | null
  readonly group: string | null
  /** The job that waits for this one. */
  readonly parent: number | null
  /** How many jobs it waits for. */
  readonly children: number
  readonly enqueuedAt: Date
  /** When it is due, or was. Null once it is finished. */
  readonly runAt: Date | null
  readonly claimedAt: Date | null
  readonly finishedAt: Date | null
  /** When it is forgotten. Null: never, or it is not finished. */
  readonly expiresAt: Date | null
  readonly payload: unknown
  /** What `job.progress` told last; null: nothing. */
  readonly progress: unknown
  /** What it returned, as JSON gives it back; null: nothing. */
  readonly result: unknown
  /** Why its last attempt failed, or why it is dead. */
  readonly error: string | null
}

/** How many jobs of a name are in a state, in a queue. */
export interface JobCount {
  readonly queue: string
  readonly name: string
  readonly state: JobState
  readonly jobs: number
  /** By a sample of the table, where there are more than a few thousand; good to within some percent where they are many. */
  readonly isEstimate: boolean
  /** Since when the oldest is due (ready, delayed), runs, waits, or is finished. A delayed one that is not due yet is to come then. */
  readonly oldestAt: Date
  /** The same by the clock of the server; 0 for what is to come. */
  readonly oldestAgeMs: number
}

/** What `job.log` wrote. */
export interface JobLogLine {
  readonly attempt: number
  readonly loggedAt: Date
  readonly line: string
}

/** @param json of a row of the view `job_list`. */
export function readJob(json: string): JobRecord {
  const row = JSON.parse(json) as Row
  const { application, host, process, group_key: group } = row
  return {
    id: row.id,
    queue: publicQueue(row.queue),
    name: row.name,
    state: row.state,
    priority: row.priority,
    attempt: row.attempt,
    attempts: row.attempts,
    crashes: row.crashes,
    token: row.token,
    holder: application === null ? null : { application, host: host ?? '', process: process ?? 0 },
    key: row.key,
    group,
    parent: row.parent,
    children: row.children,
    enqueuedAt: new Date(row.enqueued_at),
    runAt: dateOf(row.run_at),
    claimedAt: dateOf(row.claimed_at),
    finishedAt: dateOf(row.finished_at),
    expiresAt: dateOf(row.expires_at),
    payload: row.payload,
    progress: row.progress,
    result: row.result,
    error: row.error,
  }
}

/** As its users call it, without the namespace. */
export function publicQueue(queue: string): string {
  return queue.slice(queue.indexOf(':') + 1)
}

interface Row extends Omit<
  JobRecord,
  'holder' | 'group' | 'enqueuedAt' | 'runAt' | 'claimedAt' | 'finishedAt' | 'expiresAt'
> {
  readonly application: string | null
  readonly host: string | null
  readonly process: number | null
  readonly group_key: string | null
  readonly enqueued_at: string
  readonly run_at: string | null
  readonly claimed_at: string | null
  readonly finished_at: string | null
  readonly expires_at: string | null
}

function dateOf(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
