import type { Contender } from '../contenders/contender.ts'
import type { Fault } from '../faults/fault.ts'
import type { Moment } from '../history/event.ts'
import type { StandKind } from '../servers/stand.ts'

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
