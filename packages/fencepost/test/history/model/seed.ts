import { type Effect, type GrantedCall, isFaulty, isGranted, type Mode, type Write } from '../history.ts'
import type { GoodHistory } from './good-history.ts'

/** Changes two grants of these modes that follow each other and that nothing happened to; false if there are none. */
export function onPair(modes: readonly [Mode, Mode], act: (first: GrantedCall, second: GrantedCall) => void) {
  return (history: GoodHistory): boolean => {
    const grants = quietGrants(history)
    const at = grants.findIndex(
      (first, i) =>
        first.mode === modes[0] && grants[i + 1]?.mode === modes[1] && follows(history, first, grants[i + 1]),
    )
    const [first, second] = grants.slice(at)
    if (at < 0 || first === undefined || second === undefined) return false
    act(first, second)
    return true
  }
}

/** The second is called first and the first one then overtakes it; false if nobody waited for long enough. */
export function overtake(history: GoodHistory, besides: (first: GrantedCall, second: GrantedCall) => void): boolean {
  const grants = quietGrants(history)
  const isLine = (first: GrantedCall, second: GrantedCall | undefined) =>
    second !== undefined &&
    first.token < second.token &&
    second.calledAt < first.grantedAt &&
    follows(history, first, second)
  const at = grants.findIndex((first, i) => isLine(first, grants[i + 1]))
  const [first, second] = grants.slice(at)
  if (at < 0 || first === undefined || second === undefined) return false
  const { calledAt, waitingAt } = first
  Object.assign(first, { calledAt: second.calledAt, waitingAt: second.waitingAt })
  Object.assign(second, { calledAt, waitingAt })
  besides(first, second)
  return true
}

/** The next one is granted just before its holder met with what ended its hold; false if nobody did. */
export function afterMisfortune(
  history: GoodHistory,
  endOf: (history: GoodHistory, call: GrantedCall) => number | undefined,
): boolean {
  const grants = history.calls.filter(isGranted).filter(({ op }) => op === 'lock')
  const at = grants.findIndex(
    (call, i) =>
      call.mode === 'exclusive' && isUnended(call) && endOf(history, call) !== undefined && i + 1 < grants.length,
  )
  const [holder, next] = grants.slice(at)
  if (at < 0 || holder === undefined || next === undefined) return false
  next.grantedAt = (endOf(history, holder) ?? 0) - 0.1
  next.calledAt = Math.min(next.calledAt, next.grantedAt)
  return true
}

export function killedAt({ deaths }: GoodHistory, { life, lostAt }: GrantedCall): number | undefined {
  return lostAt === null ? deaths.get(life) : undefined
}

export function frozenAt({ faults }: GoodHistory, call: GrantedCall): number | undefined {
  if (call.lostAt === null) return undefined
  return faults.find(({ life, from }) => life === call.life && from > call.grantedAt)?.from
}

function isUnended({ releasedAt, lostAt }: GrantedCall): boolean {
  return releasedAt === null || lostAt !== null
}

/** Grants of locks, not nested ones, of processes that nothing happened to. */
export function quietGrants(history: GoodHistory): GrantedCall[] {
  return history.calls.filter(isGranted).filter((call) => {
    const span = { from: call.calledAt - 10, until: (call.releasedAt ?? 0) + 10 }
    return call.op === 'lock' && call.releasedAt !== null && !isFaulty(history, call.life, span)
  })
}

export function change<T>(found: T | undefined, act: (found: T) => void): boolean {
  if (found === undefined) return false
  act(found)
  return true
}

/** The last one that fits, so that what comes before it stays as it is. */
export function replace(effects: Effect[], fits: (effect: Effect) => boolean, by: (effect: Effect) => Effect): boolean {
  const at = effects.findLastIndex(fits)
  const effect = effects[at]
  if (effect === undefined) return false
  effects[at] = by(effect)
  return true
}

export function writeOf({ writes }: GrantedCall): Write {
  const [write] = writes
  if (write === undefined) throw new Error('a good history writes in every grant')
  return write
}

export function refuse(write: Write): void {
  write.refusal = { at: write.commitAt ?? 0, code: 'STALE_TOKEN', message: 'stale' }
  write.committedAt = null
}

/** Nobody was granted it between the two. */
function follows(history: GoodHistory, first: GrantedCall, second: GrantedCall | undefined): boolean {
  const between = (token: number | null) =>
    token !== null && second !== undefined && token > first.token && token < second.token
  return !history.calls.some(({ token }) => between(token))
}
