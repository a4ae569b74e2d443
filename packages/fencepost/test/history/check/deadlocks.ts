import type { Call, History, Violation } from '../history.ts'

/** A ring is told of a while after it came to be, and others of it may have given up just before. */
const LOOKED_BACK_MS = [1, 100, 250, 500, 1000]

/** P7: who is told of a deadlock was part of a ring. One that nobody is told of shows as calls that still wait at the end. */
export function checkDeadlocks(history: History): Violation[] {
  const byId = new Map(history.calls.map((call) => [call.id, call]))
  const victims = history.calls.filter(({ refusal }) => refusal?.code === 'DEADLOCK')
  const alone = victims.filter((victim) => {
    const at = victim.refusal?.at ?? 0
    return !LOOKED_BACK_MS.some((backMs) => isInRing(victim, at - backMs, { history, byId }))
  })
  return alone.map(({ id, name, refusal }) => ({
    rule: 'error',
    message: `${name}: ${id} was told of a deadlock that there was not: ${refusal?.message}`,
    calls: [id],
  }))
}

interface Calls {
  readonly history: History
  readonly byId: ReadonlyMap<string, Call>
}

/** Whether it waits at that moment for somebody who waits, maybe through others, for what its own outermost call keeps. */
function isInRing(victim: Call, at: number, { history, byId }: Calls): boolean {
  const open = history.calls.filter((call) => call.calledAt <= at && endOf(call, history) > at)
  const waits = open.filter(({ grantedAt }) => grantedAt === null || grantedAt > at)
  const start = rootOf(victim, byId)
  const reached = new Set<string>([start])
  // Grows while it is walked.
  for (const root of reached) {
    for (const wait of waits.filter((call) => rootOf(call, byId) === root)) {
      const blockers = open
        .filter((call) => isBefore(call, wait) && rootOf(call, byId) !== root)
        .map((call) => rootOf(call, byId))
      if (blockers.includes(start)) return true
      for (const blocker of blockers) reached.add(blocker)
    }
  }
  return false
}

/** It holds what the other waits for, or stands before it in the line. */
function isBefore(call: Call, wait: Call): boolean {
  return call.name === wait.name && call.calledAt < (wait.waitingAt ?? wait.calledAt)
}

function endOf(call: Call, { deaths, endedAt }: History): number {
  return call.releasedAt ?? call.refusal?.at ?? deaths.get(call.life) ?? call.lostAt ?? endedAt
}

function rootOf(call: Call, byId: ReadonlyMap<string, Call>): string {
  const outer = call.within === null ? undefined : byId.get(call.within)
  return outer === undefined ? call.id : rootOf(outer, byId)
}
