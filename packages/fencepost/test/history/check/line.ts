import { type GrantedCall, grantsByName, type History, isFaulty, type Violation } from '../history.ts'

/** How the line is checked; `by call` takes a waiter as in line a while after its call, where no event tells. */
export interface LineRule {
  readonly inLine: 'never' | 'by call' | 'by event'
  /** With `by call`: how long after. Within a process calls draw in their order, so none is needed there. */
  readonly drawnWithinMs: number
  /** The part of the followers that may overtake somebody of another process, rounded up to a whole one. Within a process none may. */
  readonly acrossShare: number
}

export interface LineFindings {
  readonly violations: Violation[]
  /** Grants that passed somebody who was in line before they were called. */
  readonly overtakersWithin: number
  readonly overtakersAcross: number
  /** Of so many that were called while somebody was in line. */
  readonly followers: number
  readonly examples: readonly string[]
}

/** FIFO: who was in line before another of the same name was called has the smaller token. Whoever a fault hit is left out. */
export function checkLine(history: History, rule: LineRule): LineFindings {
  const overtakings: Overtaking[] = []
  let followers = 0
  if (rule.inLine !== 'never') {
    for (const calls of grantsByName(history).values()) {
      const found = readName(
        calls.filter((call) => !isHit(history, call)),
        rule,
      )
      overtakings.push(...found.overtakings)
      followers += found.followers
    }
  }
  const within = overtakings.filter(({ first, late }) => first.life === late.life)
  const across = overtakings.filter(({ first, late }) => first.life !== late.life)
  const overtakersAcross = new Set(across.map(({ late }) => late)).size
  const isTooMany = overtakersAcross > Math.ceil(rule.acrossShare * followers)
  return {
    violations: [...within.map(tell), ...(isTooMany ? across.map(tell) : [])],
    overtakersWithin: new Set(within.map(({ late }) => late)).size,
    overtakersAcross,
    followers,
    examples: across.slice(0, 5).map((overtaking) => tell(overtaking).message),
  }
}

interface Overtaking {
  /** Was in line when `late` was called. */
  readonly first: GrantedCall
  readonly late: GrantedCall
}

function readName(calls: readonly GrantedCall[], rule: LineRule) {
  const overtakings: Overtaking[] = []
  let followers = 0
  let open: GrantedCall[] = []
  for (const late of calls.toSorted((one, other) => one.calledAt - other.calledAt)) {
    open = open.filter(({ grantedAt }) => grantedAt > late.calledAt)
    const before = open.filter((first) => inLineAt(first, late, rule) < late.calledAt)
    if (before.length > 0) followers++
    for (const first of before) if (first.token > late.token) overtakings.push({ first, late })
    if (late.op === 'lock') open.push(late)
  }
  return { overtakings, followers }
}

function inLineAt(first: GrantedCall, late: GrantedCall, rule: LineRule): number {
  if (rule.inLine === 'by event') return first.waitingAt ?? Number.POSITIVE_INFINITY
  return first.calledAt + (first.life === late.life ? 0 : rule.drawnWithinMs)
}

function isHit(history: History, { life, calledAt, grantedAt }: GrantedCall): boolean {
  return isFaulty(history, life, { from: calledAt, until: grantedAt, slackMs: 1000 })
}

function tell({ first, late }: Overtaking): Violation {
  const ahead = (late.calledAt - (first.waitingAt ?? first.calledAt)).toFixed(1)
  const message =
    `${first.name}: ${late.id} (${late.op}, ${late.mode}, token ${late.token}) overtook ${first.id} ` +
    `(${first.mode}, token ${first.token}), which had been in line for ${ahead} ms when it was called`
  return { rule: 'FIFO', message, calls: [first.id, late.id] }
}
