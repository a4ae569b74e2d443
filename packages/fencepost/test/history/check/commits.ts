import {
  type Call,
  type GrantedCall,
  grantsByName,
  type History,
  isFaulty,
  type Violation,
  type Write,
} from '../history.ts'

/** After these nothing was committed, whatever broke. */
const NOT_COMMITTED = new Set(['STALE_TOKEN', 'TRANSACTION_LOST', 'LOCK_RELEASED', '40001', '40P01', '23505'])

/** P3, as the processes saw it: when commits were invoked, and what became of them. */
export function checkCommits(history: History): Violation[] {
  const present = new Set(history.effects.map(({ id }) => id))
  return [...grantsByName(history).values()].flatMap((calls) => [
    ...checkLateness(calls, present),
    ...calls.flatMap((call) => call.writes.flatMap((write) => checkOutcome(call, write, present))),
    ...calls.flatMap((call) => checkRefusals(call, history)),
  ])
}

/** No commit was invoked after a later conflicting grant had returned. From the largest token down, the earliest return so far. */
function checkLateness(calls: readonly GrantedCall[], present: ReadonlySet<string>): Violation[] {
  const violations: Violation[] = []
  const next: { all?: GrantedCall; exclusive?: GrantedCall } = {}
  const descending = calls.toSorted((one, other) => other.token - one.token || (one.mode === 'shared' ? -1 : 1))
  for (const call of descending) {
    const later = call.mode === 'exclusive' ? next.all : next.exclusive
    const late = call.writes.filter(
      ({ id, commitAt }) => later !== undefined && present.has(id) && (commitAt ?? 0) > later.grantedAt,
    )
    for (const { id } of late) {
      violations.push(tell('P3', [call, later as Call], `${id} committed though a later token had been granted`))
    }
    if (next.all === undefined || call.grantedAt < next.all.grantedAt) next.all = call
    const { exclusive } = next
    if (call.mode === 'exclusive' && (exclusive === undefined || call.grantedAt < exclusive.grantedAt))
      next.exclusive = call
  }
  return violations
}

function checkOutcome(call: Call, write: Write, present: ReadonlySet<string>): Violation[] {
  const isPresent = present.has(write.id)
  if (write.committedAt !== null && !isPresent)
    return [tell('P3', [call], `${write.id} was acknowledged and is not there`)]
  if (!isPresent) return []
  if (write.commitAt === null) return [tell('P3', [call], `${write.id} was never committed and is there`)]
  if (!NOT_COMMITTED.has(write.refusal?.code ?? '')) return []
  return [tell('P3', [call], `${write.id} was refused (${write.refusal?.code}) and is there`)]
}

/** Nobody is refused while it holds; what else goes wrong needs a fault that explains it. */
function checkRefusals(call: Call, history: History): Violation[] {
  const span = { from: call.calledAt, until: call.releasedAt ?? history.endedAt, slackMs: 1000 }
  if (call.lostAt !== null || isFaulty(history, call.life, span)) return []
  const unexplained = call.writes.filter(
    ({ refusal, isolation }) => refusal !== null && !(refusal.code === '40001' && isolation !== 'read committed'),
  )
  return unexplained.map(({ id, refusal }) =>
    tell(
      'P3',
      [call],
      `${id} was refused though nothing had happened to its lock: ${refusal?.code} ${refusal?.message}`,
    ),
  )
}

function tell(rule: 'P3', calls: readonly Call[], what: string): Violation {
  const tokens = calls.map(({ id, mode, token }) => `${id} (${mode}, token ${token})`).join(', then ')
  return { rule, message: `${calls[0]?.name}: ${what}: ${tokens}`, calls: calls.map(({ id }) => id) }
}
