/**
 * Where a holder can be struck, in the order in which it gets there:
 *
 *   granted ─ reads "unpaid" ─┬─ asks the bank ─ looks whether it still holds the lock ─┬─ begin ─ insert ─┬─ commit
 *                        before-check                                              after-check         in-write
 */
export const MOMENTS = ['before-check', 'after-check', 'in-write'] as const
export type Moment = (typeof MOMENTS)[number]

/** A is struck while it holds the lock; B wants the same lock, and goes on when it is granted it. */
export type Player = 'A' | 'B'

/**
 * What a process tells of itself, and what the lab did to it.
 *
 * - `asked` `granted` `released`: the lock, as the process believes
 * - `unpaid` `settled`: what it read in the ledger
 * - `checked` `gave-up`: its own look whether it still holds the lock, and what it concluded
 * - `reached`: it stands at the moment at which it is struck
 * - `writing` `written` `refused` `failed`: the payout; `refused` by the store, `failed` for any other reason
 * - `struck` `mended` `woken`: by the lab
 */
export type What =
  | 'asked'
  | 'granted'
  | 'unpaid'
  | 'settled'
  | 'reached'
  | 'checked'
  | 'gave-up'
  | 'writing'
  | 'written'
  | 'refused'
  | 'failed'
  | 'released'
  | 'struck'
  | 'mended'
  | 'woken'

export interface LabEvent {
  /** Since the round began, by the clock that all processes of a machine have in common (CLOCK_MONOTONIC). */
  readonly atMs: number
  readonly who: Player | 'lab'
  readonly what: What
  /** Of `granted` the token, of `refused`, `failed` and `gave-up` the reason. */
  readonly detail?: string
}

/** CLOCK_MONOTONIC: no clock that is turned, and no `settimeofday`, reaches it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
