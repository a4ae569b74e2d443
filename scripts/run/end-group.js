import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 50
// Servers and their watchers notice their parent's end by themselves and clear their folders; they get the time to.
const OWN_END_MS = 2_000
const TERMINATED_MS = 5_000

/**
 * Sees a process group whose leader has ended to its end: waits, then asks, then kills.
 *
 * @param {number} groupId
 */
export async function endGroup(groupId) {
  if (await endsWithin(groupId, OWN_END_MS)) return
  signalGroup(groupId, 'SIGTERM')
  if (await endsWithin(groupId, TERMINATED_MS)) return
  signalGroup(groupId, 'SIGKILL')
}

/** @param {number} groupId @param {number} limitMs */
async function endsWithin(groupId, limitMs) {
  const end = performance.now() + limitMs
  while (signalGroup(groupId, 0)) {
    if (performance.now() > end) return false
    await delay(POLL_MS)
  }
  return true
}

/** @param {number} groupId @param {NodeJS.Signals | 0} signal @returns {boolean} whether the group still has a member */
function signalGroup(groupId, signal) {
  try {
    return process.kill(-groupId, signal)
  } catch (error) {
    // EPERM: what is left runs as another user, as a server does that root started. It is there, and out of reach.
    return error.code === 'EPERM'
  }
}
