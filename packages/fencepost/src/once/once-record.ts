/**
 * `running`: somebody is at it. `uncertain`: somebody was, and whether it was done is not known. `retry`: it was not done, as somebody
 * has said, and the next call runs it.
 */
export type OnceState = 'running' | 'done' | 'failed' | 'uncertain' | 'retry'

/** Who ran an attempt. */
export interface Runner {
  readonly application: string
  readonly host: string
  /** Process id on `host`. */
  readonly process: number
}

/** What is written down under a once-key. */
export interface OnceRecord {
  readonly key: string
  readonly state: OnceState
  /** 1 for the first. */
  readonly attempt: number
  /** A UUID, the same for all attempts: what a provider is given so that it does nothing twice. */
  readonly idempotencyKey: string
  /** Of the last attempt. */
  readonly runner: Runner
  /** Of the last attempt. */
  readonly startedAt: Date
  /** Null while it is running or uncertain. */
  readonly settledAt: Date | null
  /** Null: kept for ever. */
  readonly expiresAt: Date | null
  /** What the function returned, as JSON gives it back; undefined if that was nothing. */
  readonly result: unknown
  /** What it threw or, of a key that is done, why its result could not be stored. */
  readonly error: string | null
}

export function describeRunner({ runner, attempt, startedAt }: OnceRecord): string {
  const { application, host, process } = runner
  return `${application || 'an unnamed application'} on ${host} (pid ${process}) began attempt ${attempt} at ${startedAt.toISOString()}`
}
