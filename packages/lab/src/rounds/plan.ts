import type { Contender } from '../contenders/contender.ts'
import type { Fault } from '../faults/fault.ts'
import type { Moment } from '../history/event.ts'
import type { Round } from '../history/round.ts'
import type { StandKind } from '../servers/stand.ts'
import { type Cell, judgeCell } from '../verdict/judge-cell.ts'

/** What is tried of a contender: a fault at a moment, so many rounds. */
export interface Trial {
  readonly fault: Fault
  readonly moment: Moment
}

/** A fault that is not tried, and why. */
export interface LeftOut {
  readonly contender: string
  readonly fault: string
  readonly why: string
}

/** Which of the trials make sense for a contender, by the servers they need. */
export function planTrials(contender: Contender, trials: readonly Trial[]) {
  const leftOut: LeftOut[] = []
  const byStand = new Map<StandKind, Trial[]>()
  for (const trial of trials) {
    const why = trial.fault.whyNot(contender)
    if (why === null) byStand.set(trial.fault.stand, [...(byStand.get(trial.fault.stand) ?? []), trial])
    else if (!leftOut.some(({ fault }) => fault === trial.fault.name))
      leftOut.push({ contender: contender.name, fault: trial.fault.name, why })
  }
  return { byStand, leftOut }
}

/** Verdicts in the order of the contenders and the faults, not in that of their ends. */
export function cellsOf(rounds: readonly Round[], contenders: readonly Contender[], trials: readonly Trial[]): Cell[] {
  return contenders.flatMap(({ name }) =>
    trials.flatMap(({ fault, moment }) => {
      const own = rounds.filter(
        (round) => round.contender === name && round.fault === fault.name && round.moment === moment,
      )
      return own.length === 0 ? [] : [judgeCell(own)]
    }),
  )
}
