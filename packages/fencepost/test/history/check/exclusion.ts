import type { History, Violation } from '../history.ts'
import { certainHoldings, type Holding } from './certain-holdings.ts'

/** P1: no two hold one name at the same time, one of them exclusively. Shared holders at the same time share their token (P2). */
export function checkExclusion(history: History): Violation[] {
  return [...certainHoldings(history).values()].flatMap(checkName)
}

/** Holdings come in the order of their starts, so each is compared with those that have not ended before it. */
function checkName(holdings: readonly Holding[]): Violation[] {
  const violations: Violation[] = []
  let open: Holding[] = []
  for (const holding of holdings) {
    open = open.filter(({ until }) => until > holding.from)
    for (const other of open) {
      if (isConflict(holding, other)) violations.push(tell('P1', holding, other, 'two held it at once'))
      else if (holding.call.token !== other.call.token)
        violations.push(tell('P2', holding, other, 'two shared it under different tokens'))
    }
    open.push(holding)
  }
  return violations
}

function isConflict(one: Holding, other: Holding): boolean {
  return one.call.mode === 'exclusive' || other.call.mode === 'exclusive'
}

function tell(rule: 'P1' | 'P2', late: Holding, early: Holding, what: string): Violation {
  const forMs = (Math.min(late.until, early.until) - late.from).toFixed(3)
  const message = `${late.call.name}: ${what} for ${forMs} ms: ${describe(early)} and ${describe(late)}`
  return { rule, message, calls: [early.call.id, late.call.id] }
}

function describe({ call }: Holding): string {
  return `${call.id} (${call.mode}, token ${call.token})`
}
