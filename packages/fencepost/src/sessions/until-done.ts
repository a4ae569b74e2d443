import type { Session } from '../postgres/session.ts'

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 1000

/**
 * Does again what fails until it is done, as what is cancelled from outside or stands before a locked table; null if the
 * session was over first. It does not keep the process alive.
 */
export async function untilDone<T>(session: Session, act: () => Promise<T>): Promise<T | null> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await act()
    } catch {
      if (session.over.aborted) return null
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
    }
  }
}
