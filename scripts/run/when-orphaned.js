const POLL_MS = 250
const parent = process.ppid

/**
 * Calls `action` once if the shell in which npm runs us dies. npm hands a signal to that shell, which dies of it and
 * tells us nothing; started by anything else we may well be meant to live on.
 *
 * @param {() => void} action
 * @returns {() => void} ends the watch
 */
export function whenOrphaned(action) {
  if (process.env['npm_lifecycle_event'] === undefined) return () => {}
  // There is no event for it, and a poll of our own parent's id costs nothing.
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    action()
  }, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}
