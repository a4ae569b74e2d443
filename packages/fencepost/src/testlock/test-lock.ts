import { type Connect, holdTestLock, type TestLock } from './held-test-lock.ts'
import { hookInto } from './runner-hooks.ts'
import { type AcquireTestLockOptions, parseTestLock, type TestLockOptions } from './test-lock-options.ts'

/** What connecting and giving up may take beyond the wait. */
const SLACK_MS = 60_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface TestLockCall {
  /**
   * At the top of a test file: holds a lock from before its first test until after its last, against all other test files and runs that
   * lock the name in the same database. While it waits, stderr is told who holds it. Let go of when the runner dies, however it does.
   * A test during which it was lost fails, and so do those after it, with a `TestLockLostError`.
   *
   * @param name several are taken together, in one order for everybody; do not call it twice in a file.
   * @throws {TypeError} for what cannot be right, and where no hooks of a runner are found.
   */
  (name: string | readonly string[], options?: TestLockOptions): void
  /**
   * The same for a part of a test: `await using lock = await testLock.acquire('billing')`.
   *
   * @throws {LockTimeoutError} after `wait`.
   */
  acquire(name: string | readonly string[], options?: AcquireTestLockOptions): Promise<TestLock>
}

/** `testLock`, on what connects it to a database. */
export function testLockOn(connect: Connect): TestLockCall {
  const testLock = (name: string | readonly string[], options: TestLockOptions = {}): void => {
    const asked = parseTestLock(name, options, ['hooks'])
    let held: TestLock | undefined
    let isTold = false
    hookInto(options.hooks, {
      patienceMs: Math.min(asked.waitMs + SLACK_MS, LONGEST_TIMER_MS),
      async start() {
        held = await holdTestLock(connect, asked)
        isTold = false
      },
      async check() {
        try {
          await held?.assertHeld()
        } catch (error) {
          isTold = true
          throw error
        }
      },
      async end() {
        const ending = held
        held = undefined
        try {
          // Where a test has said it the file need not say it again.
          if (!isTold) await ending?.assertHeld()
        } finally {
          await ending?.release()
        }
      },
    })
  }
  const acquire = async (name: string | readonly string[], options: AcquireTestLockOptions = {}) =>
    await holdTestLock(connect, parseTestLock(name, options))
  return Object.assign(testLock, { acquire })
}
