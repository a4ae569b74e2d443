import { FencepostError } from '../ground/errors.ts'

/**
 * The lock of a test file was lost while its tests ran: somebody else may have used the database at the same time. What the test says
 * is worth nothing; the cause says what happened.
 */
export class TestLockLostError extends FencepostError {
  readonly code = 'TEST_LOCK_LOST'
  readonly lockName: string

  constructor(lockName: string, cause: Error) {
    super(
      `test lock "${lockName}" was lost: another run may have used the database during this test, whatever it says (${cause.message})`,
      { cause },
    )
    this.lockName = lockName
  }
}
