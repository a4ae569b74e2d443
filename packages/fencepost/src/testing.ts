export { drain, type DrainOptions } from './testing/drain.ts'
export type { DoneAttempt, DrainedAttempt, DrainReport, FailedAttempt } from './testing/drain-report.ts'
export { type TestClock, testClock } from './testing/test-clock.ts'
