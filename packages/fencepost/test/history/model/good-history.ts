import { type Call, type Effect, type Fault, type GrantedCall, type History, newCall, type Write } from '../history.ts'
import { Random } from '../run/random.ts'

/** A history that keeps every promise, to seed faults into: everything of it may be changed. */
export interface GoodHistory extends History {
  readonly calls: Call[]
  readonly faults: Fault[]
  readonly deaths: Map<string, number>
  readonly collapses: { life: string; said: string }[]
  readonly effects: Effect[]
  readonly counters: Map<string, number>
  readonly leftovers: { tickets: string[]; locks: string[] }
  endedAt: number
}

const CALLS = 60
const PROCESSES = 3

/** Three processes that take one name in turns: alone or several at once, nested now and then, killed and frozen now and then. */
export function goodHistory(seed: number): GoodHistory {
  const random = new Random(seed, 'good history')
  const history: GoodHistory = {
    calls: [],
    faults: [],
    deaths: new Map(),
    collapses: [],
    effects: [],
    counters: new Map([['a', 0]]),
    leftovers: { tickets: [], locks: [] },
    freezeMs: 2000,
    endedAt: 0,
  }
  const turn = { history, random, token: 1000, freeAt: 0, calledAt: 0 }
  while (history.calls.length < CALLS) takeTurn(turn)
  history.endedAt = turn.freeAt + 10_000
  return history
}

interface Turn {
  readonly history: GoodHistory
  readonly random: Random
  token: number
  /** When the last holder had let go. */
  freeAt: number
  calledAt: number
}

/** One exclusive holder, or a few shared ones at once. */
function takeTurn(turn: Turn): void {
  const { random, history } = turn
  const sharers = random.next() < 0.3 ? random.between(2, 4) : 0
  turn.token += 4
  const calls = Array.from({ length: Math.max(1, sharers) }, () => callOf(turn, sharers > 0))
  const grantedAt = Math.max(turn.freeAt, turn.calledAt) + 0.5
  for (const call of calls) {
    Object.assign(call, { grantedAt, token: turn.token + (sharers > 0 ? 1 : 0), waitingAt: call.calledAt + 0.2 })
    hold(call as GrantedCall, turn)
  }
  const [holder] = calls
  if (sharers === 0 && holder !== undefined) misfortune(holder as GrantedCall, turn)
  if (random.next() < 0.1) history.calls.push(givenUp(turn))
}

function callOf(turn: Turn, isShared: boolean): Call {
  const { history, random } = turn
  turn.calledAt += random.between(1, 3)
  const number = history.calls.length
  const process = awake(turn, random.between(1, PROCESSES))
  const call = newCall({
    id: `${lifeOf(history, process)}/0/${number}`,
    life: lifeOf(history, process),
    name: 'a',
    mode: isShared ? 'shared' : 'exclusive',
    op: 'lock',
    within: null,
    limitMs: null,
    calledAt: turn.calledAt,
  })
  history.calls.push(call)
  return call
}

/** At no time all of them are frozen. */
function awake(turn: Turn, process: number): number {
  const { history, freeAt } = turn
  const life = lifeOf(history, process)
  const isFrozen = history.faults.some((fault) => fault.life === life && fault.until > freeAt)
  return isFrozen ? awake(turn, (process % PROCESSES) + 1) : process
}

function lifeOf({ deaths }: History, process: number): string {
  return `${process}.${[...deaths.keys()].filter((life) => life.startsWith(`${process}.`)).length + 1}`
}

function hold(call: GrantedCall, turn: Turn): void {
  const { history, random } = turn
  const commitAt = call.grantedAt + 1
  const write = {
    id: `${call.id}#0`,
    isolation: 'read committed',
    begunAt: commitAt - 0.5,
    commitAt,
    committedAt: commitAt + 0.5,
    refusal: null,
  }
  call.writes.push(write)
  addEffect(history, call, write)
  if (random.next() < 0.2) history.calls.push(nestedIn(call))
  call.releaseAt = commitAt + random.between(1, 3)
  call.releasedAt = call.releaseAt + 0.3
  turn.freeAt = Math.max(turn.freeAt, call.releasedAt)
}

function addEffect({ counters, effects }: GoodHistory, { name, token, mode }: GrantedCall, { id }: Write): void {
  const n = (counters.get(name) ?? 0) + (mode === 'exclusive' ? 1 : 0)
  counters.set(name, n)
  effects.push({ id, name, token, mode, n })
}

function nestedIn(outer: GrantedCall): Call {
  const at = outer.grantedAt + 0.2
  const instants = { calledAt: at, waitingAt: null, grantedAt: at + 0.1, releaseAt: at + 0.2, releasedAt: at + 0.3 }
  return { ...outer, ...instants, id: `${outer.id}.1`, op: 'again', within: outer.id, writes: [] }
}

/** A holder that is killed never lets go; one that is frozen lets go too late, and its write is refused. */
function misfortune(call: GrantedCall, turn: Turn): void {
  const { history, random } = turn
  const what = random.next()
  if (what > 0.1 || history.calls.some(({ within }) => within === call.id)) return
  const at = call.grantedAt + 2
  if (what < 0.05) {
    history.calls.push(unanswered(call))
    history.deaths.set(call.life, at)
    call.releaseAt = null
    call.releasedAt = null
    turn.freeAt = at + 5
    return
  }
  const thawedAt = at + 3000
  history.faults.push({ kind: 'freeze', life: call.life, from: at, until: thawedAt })
  const refusal = { at: thawedAt + 2, code: 'STALE_TOKEN', message: 'stale' }
  call.writes.push({
    id: `${call.id}#1`,
    isolation: 'read committed',
    begunAt: at,
    commitAt: thawedAt + 1,
    committedAt: null,
    refusal,
  })
  Object.assign(call, { lostAt: thawedAt + 3, releaseAt: thawedAt + 4, releasedAt: thawedAt + 5 })
  turn.freeAt = at + 2000
}

/** Another caller of the process that dies: what became of its call nobody knows. */
function unanswered({ life, name, calledAt }: Call): Call {
  return newCall({
    id: `${life}/1/0`,
    life,
    name,
    mode: 'exclusive',
    op: 'lock',
    within: null,
    limitMs: null,
    calledAt,
  })
}

function givenUp({ history, calledAt }: Turn): Call {
  const life = lifeOf(history, 1)
  const id = `${life}/0/${history.calls.length}`
  const call = newCall({ id, life, name: 'a', mode: 'exclusive', op: 'lock', within: null, limitMs: 18, calledAt })
  return { ...call, refusal: { at: calledAt + 20, code: 'LOCK_TIMEOUT', message: 'late' } }
}
