import { type GrantedCall, grantsByName, type History, type Violation } from '../history.ts'

/** After so long it has been noticed that a process or a connection is dead. */
const DETECTION_MS = 2000

/** How long a name was free for a waiter before it was granted. */
export interface HandOver {
  readonly call: GrantedCall
  readonly ms: number
}

/** Liveness: the time between the moment from which a name was free for a waiter and its grant. */
export function checkHandOver(history: History, lateMs: number): { violations: Violation[]; longest: HandOver | null } {
  const disturbances = [
    ...history.faults.map(({ from, until }) => ({ from, until: until + DETECTION_MS })),
    ...[...history.deaths.values()].map((at) => ({ from: at, until: at + DETECTION_MS })),
  ]
  const connectedAt = firstGrants(history)
  const gaps = [...grantsByName(history).values()].flatMap((calls) =>
    gapsOf(calls, history, { disturbances, connectedAt }),
  )
  return {
    longest: gaps.toSorted((one, other) => other.ms - one.ms)[0] ?? null,
    violations: gaps
      .filter(({ ms }) => ms > lateMs)
      .map(({ call, ms }) => ({
        rule: 'liveness',
        message: `${call.name}: ${call.id} was granted ${Math.round(ms)} ms after the name had become free`,
        calls: [call.id],
      })),
  }
}

interface Besides {
  readonly disturbances: readonly { from: number; until: number }[]
  readonly connectedAt: ReadonlyMap<string, number>
}

/** Until then a process had to connect first. */
function firstGrants({ calls }: History): Map<string, number> {
  const first = new Map<string, number>()
  for (const { life, grantedAt } of calls) {
    if (grantedAt !== null) first.set(life, Math.min(grantedAt, first.get(life) ?? grantedAt))
  }
  return first
}

function gapsOf(calls: readonly GrantedCall[], history: History, { disturbances, connectedAt }: Besides): HandOver[] {
  let freeAt = 0
  return calls
    .toSorted((one, other) => one.token - other.token)
    .map((call) => {
      const disturbed = disturbances.filter(({ from, until }) => from < call.grantedAt && until > call.calledAt)
      const ready = connectedAt.get(call.life) ?? 0
      const since = Math.max(freeAt, call.calledAt, ready, ...disturbed.map(({ until }) => until))
      freeAt = Math.max(freeAt, call.releasedAt ?? call.lostAt ?? history.deaths.get(call.life) ?? call.grantedAt)
      return { call, ms: Math.max(0, call.grantedAt - since) }
    })
}
