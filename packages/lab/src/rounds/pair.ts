import { setTimeout as pause } from 'node:timers/promises'
import { TTL_MS } from '../contenders/contender.ts'
import type { Fault } from '../faults/fault.ts'
import { type LabEvent, type Moment, monotonicMs, type What } from '../history/event.ts'
import { Dice } from '../history/seed.ts'
import { within } from '../processes/within.ts'
import { type Actor, Listener } from './actor.ts'
import type { Stance } from './task.ts'

/** Longest of the pauses that the seed decides: before B asks, before the blow, before A goes on. */
const PAUSE_MS = { ask: 150, strike: 50, goOn: 100 }
/** From the end of the fault to the end of the round; after that it is broken off. */
const END_LIMIT_MS = 30_000
/** From the end of A to that of B, who has waited for a while then. */
const WAIT_LIMIT_MS = TTL_MS * 5

export interface PairOptions {
  readonly fault: Fault
  readonly moment: Moment
  readonly seed: number
  readonly invoice: number
  readonly flag: string
}

/**
 * One round of two processes:
 *
 *   A asks ─▶ is granted ─▶ reaches the moment ─▶ is struck ···············▶ mended, A goes on ─▶ writes, or is refused
 *   B                                    asks ─▶ … ─▶ is granted ─▶ pays ──────┘ (or its patience ends)
 */
export class PlayingPair {
  readonly events: LabEvent[] = []
  broken: string | undefined
  readonly #holder: Actor
  readonly #other: Actor
  readonly #options: PairOptions
  readonly #dice: Dice
  readonly #startedAt = monotonicMs()
  readonly #ofHolder = new Listener()
  readonly #ofOther = new Listener()
  #holderDone: Promise<void> = Promise.resolve()
  #otherDone: Promise<void> = Promise.resolve()

  constructor(holder: Actor, other: Actor, options: PairOptions) {
    this.#holder = holder
    this.#other = other
    this.#options = options
    this.#dice = new Dice(options.seed)
  }

  /** Resolves when A stands where it is to be struck. */
  async begin(): Promise<void> {
    const { fault, moment, invoice, flag } = this.#options
    const stance: Stance = fault.stance === 'dies' ? 'waits' : fault.stance
    this.#holderDone = this.#holder.play({ invoice, moment, stance, flag }, (event) => {
      this.#hear(event, this.#ofHolder)
      if (event.what === 'reached' && fault.strike === undefined) this.tell('struck')
    })
    const isThere = this.#ofHolder.says('reached').then(() => true)
    const ended = this.#holderDone.then(() => false)
    if (await within(END_LIMIT_MS, Promise.race([isThere, ended]))) return
    this.broken = `A did not reach ${moment}: ${this.#lastWord('A')}`
  }

  /** B asks, and has asked. */
  async call(): Promise<void> {
    await pause(this.#dice.pauseMs(PAUSE_MS.ask))
    const { invoice, flag } = this.#options
    this.#otherDone = this.#other.play({ invoice, moment: null, stance: 'waits', flag }, (event) =>
      this.#hear(event, this.#ofOther),
    )
    await within(END_LIMIT_MS, this.#ofOther.says('asked'))
    await pause(this.#dice.pauseMs(PAUSE_MS.strike))
  }

  /** Resolves when B has gone on, or its patience has ended. */
  async wait(): Promise<void> {
    const settled = this.#ofOther.says('written', 'settled', 'gave-up', 'refused', 'failed')
    await within(this.#options.fault.patienceMs, Promise.race([settled, this.#otherDone]))
    await pause(this.#dice.pauseMs(PAUSE_MS.goOn))
  }

  /** A goes on, if it lives, and both come to their ends. */
  async end(): Promise<void> {
    if (!this.#holder.hasEnded) {
      this.tell('woken')
      this.#holder.goOn()
    }
    const isHolderDone = await isWithin(END_LIMIT_MS, this.#holderDone)
    const isOtherDone = await isWithin(WAIT_LIMIT_MS, this.#otherDone)
    if (isHolderDone && isOtherDone) return
    // Nobody has the lock any more, and nobody gets it: that is seen, and no fault of the round.
    const isNeverGranted = isHolderDone && !this.events.some(({ who, what }) => who === 'B' && what === 'granted')
    if (!isNeverGranted) this.broken ??= `it did not end: A ${this.#lastWord('A')}, B ${this.#lastWord('B')}`
    await Promise.all([this.#holder.kill(), this.#other.kill()])
  }

  tell(what: What, detail?: string): void {
    this.#record({ atMs: monotonicMs(), who: 'lab', what, ...(detail === undefined ? {} : { detail }) })
  }

  #hear(event: LabEvent, listener: Listener): void {
    this.#record(event)
    listener.hear(event.what)
  }

  #record(event: LabEvent): void {
    this.events.push({ ...event, atMs: round(event.atMs - this.#startedAt) })
  }

  #lastWord(who: 'A' | 'B'): string {
    const last = this.events.findLast((event) => event.who === who)
    return last === undefined ? 'said nothing' : `${last.what}${last.detail ? ` (${last.detail})` : ''}`
  }
}

async function isWithin(limitMs: number, work: Promise<void>): Promise<boolean> {
  return (
    (await within(
      limitMs,
      work.then(() => true),
    )) === true
  )
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
