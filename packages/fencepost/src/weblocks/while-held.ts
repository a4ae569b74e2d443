import type { Lock } from '../locks/lock.ts'

/**
 * Runs `work` and lets go of the lock when it has ended. Rejects with an AbortError as soon as the lock is lost: what becomes of `work` from
 * then on is nobody's concern any more, but it can still see by the lock that it is refused.
 */
export async function whileHeld<T>(lock: Lock, work: () => T): Promise<Awaited<T>> {
  const ended = new AbortController()
  const lost = new Promise<never>((_, reject) => {
    const tell = () => reject(abortErrorOf(lock))
    lock.signal.addEventListener('abort', tell, { once: true, signal: ended.signal })
    if (lock.signal.aborted) tell()
  })
  const run = async () => {
    try {
      // The loss of a lock that nobody works under any more is not told: the work is done.
      return await work()
    } finally {
      ended.abort()
      await lock.release()
    }
  }
  return await Promise.race([lost, run()])
}

function abortErrorOf({ signal }: Lock): DOMException {
  const cause = signal.reason as Error
  return new DOMException(cause.message, { name: 'AbortError', cause })
}
