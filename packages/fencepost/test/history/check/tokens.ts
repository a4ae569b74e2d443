import {
  type Call,
  type GrantedCall,
  grantsByName,
  groupBy,
  type History,
  isGranted,
  type Violation,
} from '../history.ts'

/** P2: exclusive tokens are even and unique, shared ones odd, and over the grants of a name they rise. */
export function checkTokens(history: History): Violation[] {
  const byName = [...grantsByName(history).values()]
  const again = history.calls.filter((call) => call.op === 'again' && isGranted(call)) as GrantedCall[]
  return [
    ...byName.flatMap((calls) => [...checkParity(calls), ...checkUnique(calls), ...checkOrder(calls)]),
    ...checkNested(again, new Map(history.calls.map((call) => [call.id, call]))),
  ]
}

function checkParity(calls: readonly GrantedCall[]): Violation[] {
  const odd = calls.filter(({ mode, token }) => (token % 2 === 0) !== (mode === 'exclusive'))
  return odd.map((call) => tell([call], `a token of the wrong kind`))
}

function checkUnique(calls: readonly GrantedCall[]): Violation[] {
  const exclusive = calls.filter(({ mode }) => mode === 'exclusive')
  const same = [...groupBy(exclusive, ({ token }) => String(token)).values()].filter(({ length }) => length > 1)
  return same.map((twice) => tell(twice, 'a token was handed out twice'))
}

/**
 * Each token was drawn between its call and its return: whoever returned before another was called has the smaller one.
 * From the largest down, it is enough to remember the earliest return so far.
 */
function checkOrder(calls: readonly GrantedCall[]): Violation[] {
  const violations: Violation[] = []
  const descending = calls.toSorted((one, other) => other.token - one.token)
  let earliest: GrantedCall | undefined
  for (const group of groupBy(descending, ({ token }) => String(token)).values()) {
    for (const call of group) {
      if (earliest !== undefined && earliest.grantedAt < call.calledAt)
        violations.push(tell([earliest, call], 'the later grant has the smaller token'))
    }
    for (const call of group) if (earliest === undefined || call.grantedAt < earliest.grantedAt) earliest = call
  }
  return violations
}

function checkNested(again: readonly GrantedCall[], calls: ReadonlyMap<string, Call>): Violation[] {
  const differing = again.filter(({ within, token }) => calls.get(within ?? '')?.token !== token)
  return differing.map((call) => {
    const outer = calls.get(call.within ?? '')
    return tell(
      outer === undefined ? [call] : [outer, call],
      'a nested lock has another token than the one it is nested in',
    )
  })
}

function tell(calls: readonly Call[], what: string): Violation {
  const who = calls.map(({ id, mode, token }) => `${id} (${mode}, token ${token})`).join(' and ')
  return { rule: 'P2', message: `${calls[0]?.name}: ${what}: ${who}`, calls: calls.map(({ id }) => id) }
}
