import { FencepostError, type LockTimeoutError } from '../ground/errors.ts'
import { describeHolder, type Holder } from '../ground/holder.ts'

/**
 * Those who use the semaphore now say another number of permits. Nothing is held, and nobody else is disturbed. Say
 * `{ replaces: <their number> }` with the new one to change it while they run, or stop them first.
 */
export class PermitsDifferError extends FencepostError {
  readonly code = 'PERMITS_DIFFER'
  readonly semaphore: string
  /** What this call said. */
  readonly permits: number
  /** What the others say. */
  readonly stands: number

  constructor(semaphore: string, permits: number, { stands, cause }: { stands: number; cause: Error }) {
    super(
      `semaphore "${semaphore}" has ${stands} permits for those who use it now, not ${permits}; to change it while they run, ` +
        `call fp.semaphore('${semaphore}', ${permits}, { replaces: ${stands} })`,
      { cause },
    )
    this.semaphore = semaphore
    this.permits = permits
    this.stands = stands
  }
}

/** No permit was granted in time. Nothing is held and nothing will be granted later; retrying is safe. */
export class PermitTimeoutError extends FencepostError {
  readonly code = 'PERMIT_TIMEOUT'
  readonly semaphore: string
  readonly permits: number
  readonly waitedMs: number
  /** Who has held a permit longest; null if that could not be asked. */
  readonly holder: Holder | null
  /** How many others waited for one; 0 also if they could not be counted. */
  readonly waiting: number

  constructor(semaphore: string, permits: number, cause: LockTimeoutError) {
    const { holder, waiting, waitedMs } = cause
    const line = waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for one`
    super(
      `none of the ${permits} permits of "${semaphore}" was granted within ${Math.round(waitedMs)} ms; ` +
        `${holder === null ? '' : 'the oldest is '}${describeHolder(holder)}${line}`,
      { cause },
    )
    this.semaphore = semaphore
    this.permits = permits
    this.waitedMs = waitedMs
    this.holder = holder
    this.waiting = waiting
  }
}
