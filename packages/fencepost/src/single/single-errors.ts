import { FencepostError } from '../ground/errors.ts'

/** Somebody else computes it, and `wait` is over. Nothing was computed by this call; calling again is safe. */
export class SingleBusyError extends FencepostError {
  readonly code = 'SINGLE_BUSY'
  readonly key: string

  constructor(key: string) {
    super(`"${key}" is being computed by somebody else; wait longer, or call again later`)
    this.key = key
  }
}

/** Another process, which this call waited for, computed it and threw. Nothing is kept: calling again computes it. */
export class SingleFailedError extends FencepostError {
  readonly code = 'SINGLE_FAILED'
  readonly key: string
  /** Name and message of what was thrown. */
  readonly thrown: string

  constructor(key: string, thrown: string, { application, host, process }: Computer) {
    super(
      `computing "${key}" failed in ${application || 'an unnamed application'} on ${host} (pid ${process}): ${thrown}`,
    )
    this.key = key
    this.thrown = thrown
  }
}

/** Who computed it. */
export interface Computer {
  readonly application: string
  readonly host: string
  /** Process id on `host`. */
  readonly process: number
}
