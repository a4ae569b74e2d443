import { type Contender, type Place, TTL_MS } from '../contenders/contender.ts'
import type { Fault } from '../faults/fault.ts'
import type { Moment, Player } from '../history/event.ts'
import type { Round } from '../history/round.ts'
import { within } from '../processes/within.ts'
import { type Count, count, openInvoices } from '../servers/ledger.ts'
import type { Actor } from './actor.ts'
import type { Crew } from './crew.ts'
import { PlayingPair } from './pair.ts'

export interface WaveOptions {
  readonly contender: Contender
  readonly fault: Fault
  readonly moment: Moment
  /** One for each round. */
  readonly seeds: readonly number[]
}

/** A round while it is played. */
interface Playing {
  readonly seed: number
  readonly invoice: number
  readonly holder: Actor
  readonly pair: PlayingPair
}

const COUNT_LIMIT_MS = 30_000
let invoices = 0

/** Plays rounds side by side, with one blow for all of them. */
export async function playWave(crew: Crew, options: WaveOptions): Promise<Round[]> {
  const { contender, fault, moment } = options
  const playing = await prepareRounds(crew, options)
  const all = (act: (pair: PlayingPair) => Promise<void>) => Promise.all(playing.map(({ pair }) => act(pair)))
  await all((pair) => pair.begin())
  await all((pair) => pair.call())
  if (fault.strike) {
    for (const { pair } of playing) pair.tell('struck', fault.stance === 'dies' ? 'killed' : undefined)
    await fault.strike(
      crew.stand,
      playing.map(({ holder }) => holder),
    )
  }
  await all((pair) => pair.wait())
  if (fault.mend) {
    await fault.mend(crew.stand)
    for (const { pair } of playing) pair.tell('mended')
  }
  await all((pair) => pair.end())
  const of = { contender: contender.name, fault: fault.name, moment }
  return await Promise.all(
    playing.map(async ({ seed, invoice, pair }) => {
      const counted = await countEntries(crew, contender, invoice)
      const events = pair.events.toSorted((one, other) => one.atMs - other.atMs)
      return { ...of, seed, events, ...counted, ...(pair.broken === undefined ? {} : { broken: pair.broken }) }
    }),
  )
}

async function prepareRounds(crew: Crew, { fault, moment, seeds }: WaveOptions): Promise<Playing[]> {
  const numbered = seeds.map((seed) => ({ seed, invoice: ++invoices }))
  await openInvoices(
    crew.stand.pool,
    numbered.map(({ invoice }) => invoice),
  )
  const actors = await crew.muster(seeds.length)
  return actors.flatMap(([holder, other], index) => {
    const { seed, invoice } = numbered[index] ?? { seed: 0, invoice: 0 }
    const flag = crew.flag(invoice)
    return { seed, invoice, holder, pair: new PlayingPair(holder, other, { fault, moment, seed, invoice, flag }) }
  })
}

/** In the table, or where else the contender keeps its ledger; that one has no balance. */
async function countEntries({ stand }: Crew, contender: Contender, invoice: number): Promise<Count> {
  if (contender.store === undefined) return await count(stand.pool, invoice)
  const place: Place = { ...stand.endpoints, ttlMs: TTL_MS, application: 'lab', load: () => undefined }
  const entries = await within(COUNT_LIMIT_MS, contender.store(place).entries(invoice))
  if (entries === undefined) throw new Error(`${contender.name} did not tell its entries in ${COUNT_LIMIT_MS / 1000} s`)
  return { entries: entries as Player[], lostUpdates: 0 }
}
