import { fencepost } from './fencepost.ts'
import { type TestLockCall, testLockOn } from './testlock/test-lock.ts'

/** Locks a database, or a part of it, for a test file, against other test files and runs. */
export const testLock: TestLockCall = testLockOn(fencepost)
export type { TestLock } from './testlock/held-test-lock.ts'
export type { RunnerHooks } from './testlock/runner-hooks.ts'
export { TestLockLostError } from './testlock/test-lock-errors.ts'
export type { AcquireTestLockOptions, TestLockOptions } from './testlock/test-lock-options.ts'
export type { TestLockCall } from './testlock/test-lock.ts'
export { drain, type DrainOptions } from './testing/drain.ts'
export { drainSchedules, type DrainSchedulesOptions } from './testing/drain-schedules.ts'
export type { DoneAttempt, DrainedAttempt, DrainReport, FailedAttempt } from './testing/drain-report.ts'
export { type TestClock, testClock } from './testing/test-clock.ts'
export { expire } from './testing/expire.ts'
export { freeze, type FreezeOptions, type Frozen } from './testing/freeze.ts'
export type { FreezeEnd } from './testing/mortal.ts'
export type { RunTransaction } from './memory/memory-fencing.ts'
export { type Locking, type MemoryLocks, memoryLocks, type MemoryLocksOptions } from './memory/memory-locks.ts'
