import type { LabEvent, Player, What } from '../src/history/event.ts'
import type { Round } from '../src/history/round.ts'

/** `A granted 12 [detail]`, one event a line. */
export function history(text: string): LabEvent[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [who = '', what = '', atMs = '', ...detail] = line.trim().split(' ')
      const event = { who: who as Player | 'lab', what: what as What, atMs: Number(atMs) }
      return detail.length === 0 ? event : { ...event, detail: detail.join(' ') }
    })
}

/** A is frozen after its check, B goes on, and A is refused. */
export const REFUSED = history(`
  A asked 0
  A granted 5 7
  A unpaid 8
  A reached 20
  lab struck 20
  B asked 100
  B granted 2020 8
  B unpaid 2025
  B writing 2030
  B written 2040
  B released 2045
  lab woken 2100
  A writing 2101
  A refused 2110 LK001
  A released 2111`)

export function round(change: Partial<Round> = {}): Round {
  const base: Round = {
    contender: 'one',
    fault: 'freeze',
    moment: 'after-check',
    seed: 1,
    events: REFUSED,
    entries: ['B'],
    lostUpdates: 0,
  }
  return { ...base, ...change }
}

/** Of an unfenced lock: A writes too. */
export function twice(): Round {
  const events = REFUSED.map((event) => (event.what === 'refused' ? { ...event, what: 'written' as const } : event))
  return round({ events, entries: ['B', 'A'], lostUpdates: 1 })
}
