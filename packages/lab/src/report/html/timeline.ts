import type { LabEvent, Player } from '../../history/event.ts'
import type { Round } from '../../history/round.ts'
import { beliefs, type Belief } from '../../verdict/judge-round.ts'
import { inSeconds } from '../words.ts'
import { escape } from './escape.ts'

const WIDTH = 900
const LEFT = 70
const RIGHT = 24
/** The middle of each lane. */
const LANES = { A: 46, B: 106, ledger: 166 } as const
const HEIGHT = 214
const BAR = 22
/** Labels that are closer than this stand one below the other. */
const LABEL_WIDTH = 130
const LABEL_STEP = 15

interface Scale {
  readonly endMs: number
  readonly x: (atMs: number) => string
}

/** Who believed to hold the lock when, and where the writes landed: a drawing of one round. */
export function timeline(round: Round): string {
  const scale = scaleOf(round.events)
  const title = `${round.contender} under ${round.fault}, ${round.moment}, seed ${round.seed}`
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    ...shared(round.events, scale),
    ...(['A', 'B', 'ledger'] as const).map((lane) => laneOf(lane)),
    ...(['A', 'B'] as const).flatMap((player) => holding(round.events, player, scale)),
    ...fault(round, scale),
    ...looks(round.events, scale),
    ...writes(round, scale),
    axis(scale),
    '</svg>',
  ].join('')
}

/** To the last thing that matters: letting go of a lost lock may take seconds more. */
function scaleOf(events: readonly LabEvent[]): Scale {
  const last = events.findLast(({ what }) => what !== 'released' && what !== 'failed') ?? events.at(-1)
  const endMs = Math.max(1, (last?.atMs ?? 1) * 1.06)
  return { endMs, x: (atMs) => (LEFT + (Math.min(atMs, endMs) / endMs) * (WIDTH - LEFT - RIGHT)).toFixed(1) }
}

function laneOf(lane: keyof typeof LANES): string {
  const y = LANES[lane]
  const line = `<line class="lane" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`
  return `${line}<text x="8" y="${y + 4}">${lane === 'ledger' ? 'ledger' : `process ${lane}`}</text>`
}

/** While both believe to hold it. */
function shared(events: readonly LabEvent[], { x }: Scale): string[] {
  return beliefs(events, 'A').flatMap((one) =>
    beliefs(events, 'B').flatMap((other) => {
      const both = { fromMs: Math.max(one.fromMs, other.fromMs), toMs: Math.min(one.toMs, other.toMs) }
      if (both.fromMs >= both.toMs) return []
      const top = LANES.A - BAR
      return [`<rect class="both" ${across(both, x)} y="${top}" height="${LANES.B + BAR - top}"/>`]
    }),
  )
}

function holding(events: readonly LabEvent[], player: Player, { x }: Scale): string[] {
  const y = LANES[player]
  const held = beliefs(events, player).map(
    (belief) => `<rect class="held-${player}" rx="3" ${across(belief, x)} y="${y - BAR / 2}" height="${BAR}"/>`,
  )
  const asked = events.find(({ who, what }) => who === player && what === 'asked')
  const granted = events.find(({ who, what }) => who === player && what === 'granted')
  if (asked === undefined || granted === undefined || granted.atMs - asked.atMs < 1) return held
  return [`<line class="asked" x1="${x(asked.atMs)}" x2="${x(granted.atMs)}" y1="${y}" y2="${y}"/>`, ...held]
}

/** From the blow to its end, over A. */
function fault({ events, fault: name }: Round, { x, endMs }: Scale): string[] {
  const struck = events.find(({ what }) => what === 'struck')
  if (struck === undefined) return []
  const woken = events.find(({ what }) => what === 'woken')
  const span = { fromMs: struck.atMs, toMs: woken?.atMs ?? endMs }
  const y = LANES.A
  return [
    `<rect class="frozen" ${across(span, x)} y="${y - BAR / 2 + 4}" height="${BAR - 8}"/>`,
    `<text class="dim" x="${x(struck.atMs)}" y="${y - BAR / 2 - 8}">${escape(name)}</text>`,
    ...(woken
      ? [`<text class="dim" text-anchor="end" x="${x(woken.atMs)}" y="${y - BAR / 2 - 8}">goes on</text>`]
      : []),
  ]
}

/** A's own look at its lock. */
function looks(events: readonly LabEvent[], { x }: Scale): string[] {
  return events.flatMap(({ who, what, atMs }) => {
    if (what !== 'checked' && what !== 'gave-up') return []
    const y = LANES[who === 'A' ? 'A' : 'B']
    const says = what === 'checked' ? '✓ still mine' : '✗ lost: gives up'
    return [
      `<line class="write good-mark" x1="${x(atMs)}" x2="${x(atMs)}" y1="${y - BAR / 2}" y2="${y + BAR / 2}"/>`,
      `<text class="dim" text-anchor="${anchorAt(x(atMs))}" x="${x(atMs)}" y="${y + BAR / 2 + 14}">${says}</text>`,
    ]
  })
}

/** Where they landed, or were refused. */
function writes({ events, entries }: Round, { x }: Scale): string[] {
  let landed = 0
  let before = -Infinity
  let row = 0
  return events.flatMap(({ who, what, atMs }) => {
    if (who === 'lab' || (what !== 'written' && what !== 'refused')) return []
    const at = x(atMs)
    row = Number(at) - before < LABEL_WIDTH ? row + 1 : 0
    before = Number(at)
    const isGood = what === 'refused' || landed++ === 0
    const mark = isGood ? 'good' : 'bad'
    const y = LANES.ledger
    const label =
      what === 'refused' ? `${who} is refused` : isGood ? `${who} pays` : `${who} pays again: ${entries.length} entries`
    const end = what === 'refused' ? y - 12 : y
    return [
      `<line class="write ${mark}-mark" x1="${at}" x2="${at}" y1="${LANES[who] + BAR / 2}" y2="${end}"/>`,
      what === 'refused' ? cross(Number(at), end) : `<circle class="${mark}-mark" cx="${at}" cy="${y}" r="5"/>`,
      `<text class="${mark}" text-anchor="${anchorAt(at)}" x="${at}" y="${y + 20 + row * LABEL_STEP}">${escape(label)}</text>`,
    ]
  })
}

function cross(x: number, y: number): string {
  return `<path class="good-mark cross" d="M${x - 5} ${y - 5} L${x + 5} ${y + 5} M${x + 5} ${y - 5} L${x - 5} ${y + 5}"/>`
}

function axis({ x, endMs }: Scale): string {
  return `<text class="dim" text-anchor="end" x="${x(endMs)}" y="${HEIGHT - 4}">${inSeconds(endMs)}</text>`
}

function anchorAt(x: string): 'start' | 'end' {
  return Number(x) > WIDTH / 2 ? 'end' : 'start'
}

/** At least so wide that it is seen. */
function across({ fromMs, toMs }: Belief, x: Scale['x']): string {
  return `x="${x(fromMs)}" width="${Math.max(2, Number(x(toMs)) - Number(x(fromMs))).toFixed(1)}"`
}
