import { checkCalls } from './check/calls.ts'
import { checkCommits } from './check/commits.ts'
import { checkDeadlocks } from './check/deadlocks.ts'
import { checkEffects } from './check/effects.ts'
import { checkExclusion } from './check/exclusion.ts'
import { checkHandOver, type HandOver } from './check/hand-over.ts'
import { checkLine, type LineFindings, type LineRule } from './check/line.ts'
import { checkTokens } from './check/tokens.ts'
import type { History, Violation } from './history.ts'

export interface Rules {
  readonly line: LineRule
  readonly lateMs: number
  readonly mayDeadlock: boolean
}

export interface Findings {
  readonly violations: readonly Violation[]
  readonly line: LineFindings
  /** From the moment a name was free for a waiter to its grant. */
  readonly longestHandOver: HandOver | null
}

/** Looks for what the promises rule out in what was recorded. Without violations it is a history they allow. */
export function checkHistory(history: History, rules: Rules): Findings {
  const line = checkLine(history, rules.line)
  const handOver = checkHandOver(history, rules.lateMs)
  const violations = [
    // First: what was committed is taken as a proof of exclusion below.
    ...checkCommits(history),
    ...checkEffects(history),
    ...checkTokens(history),
    ...checkExclusion(history),
    ...line.violations,
    ...checkLeftovers(history),
    ...handOver.violations,
    ...checkCalls(history, rules),
    ...checkDeadlocks(history),
  ]
  return { violations, line, longestHandOver: handOver.longest }
}

/** Nobody held or waited any more, so whatever is left belongs to nobody. */
function checkLeftovers({ leftovers }: History): Violation[] {
  return [
    ...leftovers.tickets.map((ticket) => ({
      rule: 'orphan' as const,
      message: `a ticket is left: ${ticket}`,
      calls: [],
    })),
    ...leftovers.locks.map((lock) => ({ rule: 'orphan' as const, message: `a lock is left: ${lock}`, calls: [] })),
  ]
}
