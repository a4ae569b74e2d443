import { tellOnStderr, ToldAgain } from '../calls/told-again.ts'
import type { LockCalls } from '../calls/lock-calls.ts'
import { asError } from '../ground/as-error.ts'
import type { FencepostError } from '../ground/errors.ts'
import { describeHolder } from '../ground/holder.ts'
import { Lock } from '../locks/lock.ts'
import type { Session } from '../postgres/session.ts'
import type { Target } from '../postgres/target.ts'
import { TestLockLostError } from './test-lock-errors.ts'
import type { ParsedTestLockOptions } from './test-lock-options.ts'

/** `fencepost()`, or as much of it as is needed. */
export type Connect = (
  target: Target | undefined,
  options: ParsedTestLockOptions['options'] & { readonly maxConnections: number },
) => Pick<LockCalls, 'lock' | 'who'> & { close(): Promise<void> }

/** What a test holds. */
export interface TestLock extends AsyncDisposable {
  readonly names: readonly string[]
  /** Aborts as soon as one of its locks is known to be lost. */
  readonly signal: AbortSignal
  /** Asks the server. @throws {TestLockLostError} if it is lost. */
  assertHeld(): Promise<void>
  /** Lets go. Never throws. */
  release(): Promise<void>
}

/** One connection for what waits in line, one for the first of it. */
const CONNECTIONS = 2

/** Waits for all of its names, one after the other, and says on stderr for whom. */
export async function holdTestLock(connect: Connect, asked: ParsedTestLockOptions): Promise<TestLock> {
  const { database, names, options, waitMs } = asked
  const fp = connect(database, { ...options, maxConnections: CONNECTIONS })
  const endsAt = performance.now() + waitMs
  const locks: Lock[] = []
  try {
    for (const name of names)
      locks.push(await take(fp, name, { ...asked, waitMs: Math.max(0, endsAt - performance.now()) }))
    return handOut(locks, () => fp.close())
  } catch (error) {
    await fp.close()
    throw error
  }
}

async function take(
  fp: ReturnType<Connect>,
  name: string,
  { waitMs, everyMs, shared }: ParsedTestLockOptions,
): Promise<Lock> {
  using told = new ToldAgain({
    everyMs,
    holder: async () => (await fp.who(name))[0] ?? null,
    tell: tellOnStderr(`test lock "${name}"`, describeHolder),
  })
  return await fp.lock(name, { wait: `${Math.ceil(waitMs)}ms`, shared, onWait: told.onWait })
}

function handOut(locks: readonly Lock[], close: () => Promise<void>): TestLock {
  const lost = new AbortController()
  for (const { name, signal } of locks) {
    const lose = () => lost.abort(new TestLockLostError(name, asError((signal.reason as FencepostError).cause)))
    if (signal.aborted) lose()
    else signal.addEventListener('abort', lose, { once: true })
  }
  const sessions = [...new Set(locks.map(sessionOf))]
  // node:test waits for the process to have nothing left to do before it calls what comes after the last test.
  for (const session of sessions) session.unref()
  let released: Promise<void> | undefined
  const release = () => {
    for (const session of sessions) session.ref()
    return (released ??= close())
  }
  return {
    names: locks.map(({ name }) => name),
    signal: lost.signal,
    async assertHeld() {
      for (const lock of locks) await askFor(lock)
      lost.signal.throwIfAborted()
    },
    release,
    [Symbol.asyncDispose]: release,
  }
}

/** A loop that was blocked has heard nothing yet: an answer on the connection that holds the lock proves that it is held. */
async function askFor(lock: Lock): Promise<void> {
  const session = sessionOf(lock)
  session.ref()
  try {
    await session.query('select 1', [])
  } catch (error) {
    throw new TestLockLostError(lock.name, asError(error))
  } finally {
    session.unref()
  }
}

function sessionOf(lock: Lock): Session {
  return Lock.keeperOf(lock).session as Session
}
