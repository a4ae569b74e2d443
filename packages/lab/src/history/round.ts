import type { LabEvent, Moment, Player } from './event.ts'

/** All that is known of one round: what was told while it ran, and what the ledger says afterwards. */
export interface Round {
  readonly contender: string
  readonly fault: string
  readonly moment: Moment
  /** Decides when B asks, when A is struck and when it goes on. */
  readonly seed: number
  /** In the order of their time. */
  readonly events: readonly LabEvent[]
  /** Whose payouts of this one invoice the ledger has, in its order. */
  readonly entries: readonly Player[]
  /** Payouts of which the balance has kept nothing: another holder wrote over them what it had read before. */
  readonly lostUpdates: number
  /** Why the round could not be played to its end; the ledger's figures are told all the same. */
  readonly broken?: string
}
