import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Duration } from 'fencepost'
import type { History } from '../history/history.ts'
import { readRecords } from '../history/read-records.ts'
import { Random } from '../history/run/random.ts'
import { nowMs, type Recorder, startRecorder } from '../history/run/recorder.ts'
import { ServerSide } from '../history/run/server-side.ts'
import { type Order, type Outcome, Payer } from './payer.ts'

export type Blow = 'pause' | 'terminate' | 'server-kill'

export interface CampaignOptions {
  readonly url: string
  /** Where each process writes down what happens. */
  readonly folder: string
  readonly seed: number
  readonly blow: Blow
  /** So many blows that came before the holder had ended. */
  readonly rounds: number
  /** Holders at a time, each of a name of its own; one blow to the server hits all of them. */
  readonly holders: number
  readonly isGuarded: boolean
  /** Goes on until so many were paid twice, for ten times the rounds at most. */
  readonly paidTwice?: number
  /** Kills the server and starts it again, on the same port. */
  readonly killServer?: () => Promise<void>
  readonly progress?: (struck: number) => void
}

/** One name: its holder, what was done to it, and who came next. */
export interface Round {
  readonly name: string
  readonly holder: { readonly id: string; readonly outcome: Outcome }
  readonly next: { readonly id: string; readonly outcome: Outcome }
  readonly struckAt: number
  /** The holder had not ended by then. */
  readonly isStruck: boolean
}

export interface Campaign {
  readonly history: History
  readonly rounds: readonly Round[]
}

const FREEZE_MS = 1000
const LIBRARY = { freezeTimeout: `${FREEZE_MS}ms` as Duration }
const LONGEST_THOUGHT_MS = 30
/** Now and then one thinks for longer than it takes others to notice, and to go on in its place. */
const DREAM_MS = 1000
const DREAMS = 0.2
const LONGEST_PATIENCE_MS = 2000
/** About as long as the work of a holder takes. */
const STRUCK_WITHIN_MS = 90

/**
 * Holders that are about to pay are struck at a random moment of their work; somebody else takes the lock, sees whether it was
 * paid, and pays. Then the holder goes on, and knows of nothing. Every name is to be paid once.
 */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { url, folder } = options
  await using server = new ServerSide(url)
  await server.prepare([])
  const payers: Payer[] = []
  const start = async (life: string) => payers.push(await Payer.start({ url, folder, life, library: LIBRARY }))
  const record = startRecorder(join(folder, 'driver.jsonl'))
  try {
    await Promise.all(['next.1', ...Array.from({ length: options.holders }, (_, i) => `${i + 1}.1`)].map(start))
    const holders = payers.filter(({ life }) => life !== 'next.1')
    const next = payers.find(({ life }) => life === 'next.1') as Payer
    const rounds = await playRounds({ ...options, next, holders, server, record })
    const endedAt = nowMs()
    const effects = await server.effects()
    const counters = new Map(effects.map(({ name, n }) => [name, n]))
    const rest = { effects, counters, leftovers: { tickets: [], locks: [] }, freezeMs: FREEZE_MS, endedAt }
    return { history: { ...readRecords(folder, endedAt), ...rest }, rounds }
  } finally {
    await Promise.all(payers.map((payer) => payer[Symbol.asyncDispose]()))
  }
}

interface Stage extends Omit<CampaignOptions, 'holders'> {
  readonly next: Payer
  readonly holders: readonly Payer[]
  readonly server: ServerSide
  readonly record: Recorder
}

async function playRounds(stage: Stage): Promise<Round[]> {
  const rounds: Round[] = []
  let struck = 0
  const isEnough = () =>
    struck >= 10 * stage.rounds ||
    (struck >= stage.rounds && rounds.filter(isPaidTwice).length >= (stage.paidTwice ?? 0))
  for (let batch = 0; !isEnough(); batch++) {
    const some = await playBatch(stage, batch)
    const hits = some.filter(({ isStruck }) => isStruck).length
    // One blow to the server is one, however many it hits.
    struck += stage.blow === 'server-kill' ? Math.min(1, hits) : hits
    rounds.push(...some)
    stage.progress?.(struck)
  }
  return rounds
}

function isPaidTwice({ holder, next }: Round): boolean {
  return holder.outcome === 'paid' && next.outcome === 'paid'
}

async function playBatch(stage: Stage, batch: number): Promise<Round[]> {
  // Whoever was struck has to connect again first, which would take the most of its time.
  await Promise.all(stage.holders.map((holder) => holder.warmUp()))
  const random = new Random(stage.seed, `batch ${batch}`)
  const fallen = stage.blow === 'server-kill' ? killServer(stage, random) : undefined
  return await Promise.all(
    stage.holders.map((holder, i) => play(stage, holder, { name: `${batch}:${i}`, random, fallen })),
  )
}

async function killServer({ record, killServer: kill }: Stage, random: Random): Promise<number> {
  await pause(random.between(0, STRUCK_WITHIN_MS))
  const at = nowMs()
  record('crash', null)
  await kill?.()
  record('recovered', null)
  return at
}

interface Lot {
  readonly name: string
  readonly random: Random
  /** When the server was killed; it is up again by then. */
  readonly fallen: Promise<number> | undefined
}

async function play(stage: Stage, holder: Payer, { name, random, fallen }: Lot): Promise<Round> {
  const { isGuarded, next } = stage
  const think = () => random.between(0, random.next() < DREAMS ? DREAM_MS : LONGEST_THOUGHT_MS)
  const form: Order['form'] = isGuarded && random.next() < 0.5 ? 'transaction' : 'guard'
  const first = holder.pay({
    name,
    form,
    isGuarded,
    thinks: [think(), think(), think(), think()],
    againMs: random.between(0, LONGEST_PATIENCE_MS),
  })
  let endedAt = Number.POSITIVE_INFINITY
  void first.outcome.then(() => (endedAt = nowMs()))
  const struckAt = await (fallen ?? strike(stage, holder, random.between(0, STRUCK_WITHIN_MS)))
  // Both go on at once from here on, but for one that is frozen.
  const second = await untilPaid(next, { name, form: 'guard', isGuarded, thinks: [0, 0, 0, 0], againMs: 5 })
  if (stage.blow === 'pause') thaw(stage, holder)
  const outcome = await first.outcome
  return { name, holder: { id: first.id, outcome }, next: second, struckAt, isStruck: endedAt > struckAt }
}

async function strike({ blow, server, record }: Stage, holder: Payer, afterMs: number): Promise<number> {
  await pause(afterMs)
  const at = nowMs()
  if (blow === 'pause') {
    record('freeze', holder.life)
    holder.freeze()
    return at
  }
  record('terminate', holder.life)
  await server.terminateAll(holder.application)
  record('terminated', holder.life)
  return at
}

function thaw({ record }: Stage, holder: Payer): void {
  holder.thaw()
  record('thawed', holder.life)
}

/** The one who comes next was not struck: it goes on until it knows that it is paid. */
async function untilPaid(payer: Payer, order: Omit<Order, 'id'>): Promise<{ id: string; outcome: Outcome }> {
  for (;;) {
    const { id, outcome } = payer.pay(order)
    const said = await outcome
    if (said === 'paid' || said === 'paid already') return { id, outcome: said }
    await pause(5)
  }
}
