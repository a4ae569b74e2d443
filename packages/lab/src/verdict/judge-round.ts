import type { LabEvent, Player, What } from '../history/event.ts'
import type { Round } from '../history/round.ts'

/** What one round comes to. */
export interface Judgement {
  /** Entries of the invoice beyond the first, counted in the ledger. */
  readonly doubleEntries: number
  readonly lostUpdates: number
  /** Writes that the store refused. */
  readonly refused: number
  /** Whether A saw for itself, before it wrote, that it had lost the lock. */
  readonly gaveUp: boolean
  /** From the blow to B's grant; null: B was not granted, or did not come to an end, before A was woken. */
  readonly takeoverMs: number | null
  /** Whether A and B believed to hold the lock at one time: harmless where a fence is, and the reason for one. */
  readonly isShared: boolean
  /** Whether the ledger has another payout than the processes tell of. */
  readonly isDisputed: boolean
  readonly broken: string | null
}

/** A pure function of what was recorded. */
export function judgeRound(round: Round): Judgement {
  const { events, entries, lostUpdates } = round
  return {
    doubleEntries: Math.max(0, entries.length - 1),
    lostUpdates,
    refused: events.filter(({ what }) => what === 'refused').length,
    gaveUp: events.some(({ who, what }) => who === 'A' && what === 'gave-up'),
    takeoverMs: takeover(events),
    isShared: beliefs(events, 'A').some((one) => beliefs(events, 'B').some((other) => overlap(one, other))),
    isDisputed: isDisputed(round),
    broken: round.broken ?? null,
  }
}

/** When a process believed to hold the lock. */
export interface Belief {
  readonly fromMs: number
  readonly toMs: number
}

/** A belief ends when the process lets go, gives up, is refused or fails; else it lasts to the end of the history. */
export function beliefs(events: readonly LabEvent[], player: Player): Belief[] {
  const found: Belief[] = []
  let fromMs: number | null = null
  for (const { who, what, atMs } of events) {
    if (who !== player) continue
    if (what === 'granted') fromMs = atMs
    else if (fromMs !== null && ENDS.includes(what)) {
      found.push({ fromMs, toMs: atMs })
      fromMs = null
    }
  }
  if (fromMs !== null) found.push({ fromMs, toMs: end(events, player) })
  return found
}

const ENDS: readonly What[] = ['released', 'gave-up', 'refused', 'failed']

/** A process that was killed believes nothing afterwards. */
function end(events: readonly LabEvent[], player: Player): number {
  const killed = events.find(({ what, detail }) => player === 'A' && what === 'struck' && detail === 'killed')
  return killed?.atMs ?? events.at(-1)?.atMs ?? 0
}

function overlap(one: Belief, other: Belief): boolean {
  return one.fromMs < other.toMs && other.fromMs < one.toMs
}

const OUTCOMES: readonly What[] = ['written', 'settled', 'gave-up', 'refused', 'failed']

/**
 * Of the first blow; a lock that B was granted before that is nobody's to be taken over. A grant after A went on is no take-over, nor is
 * one by which B only came to wait for A in the store.
 */
function takeover(events: readonly LabEvent[]): number | null {
  const struck = events.find(({ what }) => what === 'struck')
  const woken = events.find(({ what }) => what === 'woken')
  const granted = events.find(({ who, what }) => who === 'B' && what === 'granted')
  if (struck === undefined || granted === undefined) return null
  const isDone = events.some(
    ({ who, what, atMs }) => who === 'B' && OUTCOMES.includes(what) && atMs <= (woken?.atMs ?? Infinity),
  )
  return isDone && granted.atMs <= (woken?.atMs ?? Infinity) ? Math.max(0, granted.atMs - struck.atMs) : null
}

/** A write whose answer was lost may be in the ledger or not. One that is told has to be there. */
function isDisputed({ events, entries }: Round): boolean {
  return (['A', 'B'] as const).some((player) => {
    const told = events.filter(({ who, what }) => who === player && what === 'written').length
    const failed = events.filter(({ who, what }) => who === player && what === 'failed').length
    const killed = events.some(({ what, detail }) => player === 'A' && what === 'struck' && detail === 'killed')
    const there = entries.filter((payer) => payer === player).length
    return there < told || there > told + failed + (killed ? 1 : 0)
  })
}
