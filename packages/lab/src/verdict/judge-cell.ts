import type { Moment } from '../history/event.ts'
import type { Round } from '../history/round.ts'
import { judgeRound } from './judge-round.ts'

/** All rounds of one contender under one fault. */
export interface Cell {
  readonly contender: string
  readonly fault: string
  readonly moment: Moment
  readonly rounds: number
  /** Rounds whose invoice was paid twice. */
  readonly doubleRounds: number
  readonly doubleEntries: number
  readonly lostUpdates: number
  readonly refused: number
  readonly gaveUp: number
  /** Rounds in which two processes believed to hold the lock at once. */
  readonly shared: number
  /** Median over the rounds in which somebody else could go on; null where nobody could in any. */
  readonly takeoverMs: number | null
  /** Rounds in which nobody could go on until A did. */
  readonly stalled: number
  /** Rounds that could not be played, and why. */
  readonly broken: readonly string[]
  /** Rounds whose processes tell of another payout than the ledger has. */
  readonly disputed: number
}

/** @param rounds at least one, of one contender and one fault */
export function judgeCell(rounds: readonly Round[]): Cell {
  const [first] = rounds
  if (first === undefined) throw new TypeError('a cell has at least one round')
  const judged = rounds.map(judgeRound)
  const takeovers = judged.flatMap(({ takeoverMs }) => takeoverMs ?? [])
  const sum = (of: (one: (typeof judged)[number]) => number | boolean) =>
    judged.reduce((total, one) => total + Number(of(one)), 0)
  return {
    contender: first.contender,
    fault: first.fault,
    moment: first.moment,
    rounds: rounds.length,
    doubleRounds: sum(({ doubleEntries }) => doubleEntries > 0),
    doubleEntries: sum(({ doubleEntries }) => doubleEntries),
    lostUpdates: sum(({ lostUpdates }) => lostUpdates),
    refused: sum(({ refused }) => refused),
    gaveUp: sum(({ gaveUp }) => gaveUp),
    shared: sum(({ isShared }) => isShared),
    takeoverMs: takeovers.length === 0 ? null : Math.round(median(takeovers)),
    stalled: sum(({ takeoverMs, broken }) => takeoverMs === null && broken === null),
    broken: judged.flatMap(({ broken }) => broken ?? []),
    disputed: sum(({ isDisputed }) => isDisputed),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  return middle.reduce((total, value) => total + value, 0) / middle.length
}
