import { type Call, type History, isFaulty, isGranted, type Violation } from '../history.ts'

export interface CallLimits {
  /** How late a call may be: to give up, or to be granted once nobody held the name any more. */
  readonly lateMs: number
  /** Whether a call may be told of a deadlock: locks were nested in any order. */
  readonly mayDeadlock: boolean
}

/** P7 and P8: a call fails with what it asked for, in time; a release never fails; a process does not collapse. */
export function checkCalls(history: History, limits: CallLimits): Violation[] {
  const collapses = history.collapses.map(({ life, said }) => ({
    rule: 'error' as const,
    message: `process ${life} ended by itself: ${said}`,
    calls: [],
  }))
  const lost = new Set(history.calls.filter(({ lostAt }) => lostAt !== null).map(({ id }) => id))
  return [
    ...collapses,
    ...history.calls.flatMap((call) => (isInLost(call, lost) ? [] : checkCall(call, history, limits))),
  ]
}

/** Nobody is let in again to what is lost. */
function isInLost({ op, within, refusal }: Call, lost: ReadonlySet<string>): boolean {
  return op === 'again' && refusal?.code === 'LOCK_LOST' && lost.has(within ?? '')
}

function checkCall(call: Call, history: History, limits: CallLimits): Violation[] {
  const { refusal } = call
  if (refusal === null) return checkUnended(call, history)
  if (isGranted(call)) return [tell('P8', call, `failed after it had been granted: ${refusal.code} ${refusal.message}`)]
  const span = { from: call.calledAt, until: refusal.at, slackMs: 1000 }
  if (isFaulty(history, call.life, span)) return []
  if (!isExpected(call, limits)) return [tell('error', call, `failed with ${refusal.code}: ${refusal.message}`)]
  const lateMs = refusal.at - call.calledAt - (call.limitMs ?? 0)
  if (refusal.code === 'DEADLOCK' || lateMs < limits.lateMs) return []
  return [tell('liveness', call, `gave up ${Math.round(lateMs)} ms late (${refusal.code})`)]
}

function checkUnended(call: Call, history: History): Violation[] {
  if (history.deaths.has(call.life)) return []
  if (!isGranted(call)) return [tell('liveness', call, 'still waits at the end')]
  return call.releasedAt === null ? [tell('liveness', call, 'has not let go at the end')] : []
}

function isExpected({ op, limitMs, refusal }: Call, { mayDeadlock }: CallLimits): boolean {
  if (refusal?.code === 'DEADLOCK') return mayDeadlock
  if (refusal?.code === 'BUSY') return op === 'try'
  return limitMs !== null && (refusal?.code === 'LOCK_TIMEOUT' || refusal?.code === 'ABORTED')
}

function tell(rule: 'P8' | 'error' | 'liveness', call: Call, what: string): Violation {
  return { rule, message: `${call.name}: ${call.op} ${call.id} (${call.mode}) ${what}`, calls: [call.id] }
}
