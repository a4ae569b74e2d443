import type { Result } from './result.ts'
import type { Cell } from '../verdict/judge-cell.ts'

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

export function inSeconds(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Of a take-over. */
export function after(ms: number): string {
  return ms === 0 ? 'both had it' : inSeconds(ms)
}

/** How many rounds were paid twice. */
export function doubles({ doubleRounds, rounds }: Cell): string {
  return `${doubleRounds}/${rounds}`
}

/** Whether nobody could go on although somebody should have been able to. */
export function isStuck({ takeoverMs, fault }: Cell): boolean {
  return takeoverMs === null && (fault === 'kill' || STALLING.includes(fault))
}

/** Under these nobody can go on while A has the lock, and A cannot either. */
const STALLING = ['freeze', 'block', 'partition']

/** Under these A may have lost the lock, or may not. */
const LOSSES = ['terminate', 'server-crash', 'promotion']

/** When somebody else could go on. */
export function takeover(cell: Cell): string {
  const { takeoverMs, stalled, rounds, fault } = cell
  if (isStuck(cell)) return fault === 'kill' ? 'never' : 'not before A'
  if (takeoverMs === null) return LOSSES.includes(fault) ? 'not before A' : 'A kept it'
  return stalled > 0 ? `${after(takeoverMs)} (${rounds - stalled}/${rounds})` : after(takeoverMs)
}

/** A cell in one line. */
export function describe(cell: Cell): string {
  const { doubleEntries, lostUpdates, refused, gaveUp, broken, disputed } = cell
  const parts = [
    plural(cell.rounds, 'round'),
    `${doubleEntries} double`,
    ...(lostUpdates > 0 ? [`${lostUpdates} lost`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(gaveUp > 0 ? [`${gaveUp} gave up`] : []),
    ...(disputed > 0 ? [`${disputed} told of otherwise than the ledger has it`] : []),
    ...(broken.length > 0 ? [`${broken.length} broken: ${broken[0]}`] : []),
    `the other could go on: ${takeover(cell)}`,
  ]
  return parts.join(', ')
}

/** How a run was made. */
export function settings({ seconds, ttlMs, partitionsBy, firstSeed, isComplete }: Result): string {
  const parts = [
    `It took ${inSeconds(seconds * 1000)}${isComplete ? '' : ', interrupted'}`,
    `TTLs, leases, session and freeze timeouts ${ttlMs} ms`,
    ...(partitionsBy === null ? [] : [`partitions by ${partitionsBy}`]),
    `seeds from ${firstSeed}`,
  ]
  return parts.join('; ')
}
