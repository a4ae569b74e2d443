import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Duration } from 'fencepost'
import type { History } from '../history.ts'
import { Fleet } from './fleet.ts'
import type { Mix } from './mix.ts'
import { planStrikes, type Strike } from './plan.ts'
import { Random } from './random.ts'
import { readRecords } from '../read-records.ts'
import { nowMs, type Recorder, startRecorder } from './recorder.ts'
import { ServerSide } from './server-side.ts'

export interface RunOptions {
  readonly url: string
  /** Where each process writes down what happens. */
  readonly folder: string
  readonly seed: number
  readonly seconds: number
  readonly processes: number
  /** In each process. */
  readonly callers: number
  readonly mix: Mix
  readonly freezeMs: number
  /** Something goes wrong once in so long. */
  readonly strikeEveryMs: number
  /** Kills the server and starts it again, on the same port. */
  readonly crash?: () => Promise<void>
  /** Called about once a second. */
  readonly progress?: (elapsedMs: number, counts: Record<string, number>) => void
}

export interface Run {
  readonly history: History
  /** What was written down, by event. */
  readonly counts: Record<string, number>
  /** What stood in the tables of the library at the end, and how many tickets before each name was locked once more. */
  readonly tables: Record<string, number>
}

const DRAIN_MS = 90_000
const PROGRESS_MS = 1000

/** Lets processes lock, share, nest, write, give up and die for a while, and reads what they have written down. */
export async function runHistory(options: RunOptions): Promise<Run> {
  const { url, folder, mix, freezeMs } = options
  const names = Object.keys(mix.name)
  const record = startRecorder(join(folder, 'driver.jsonl'))
  await using server = new ServerSide(url)
  await server.prepare(names)
  const fleet = new Fleet({ ...options, library: { freezeTimeout: `${freezeMs}ms` as Duration }, record })
  const startedAt = nowMs()
  const progress = setInterval(() => options.progress?.(nowMs() - startedAt, fleet.counts), PROGRESS_MS)
  try {
    await strikeFor(options, { fleet, server, record })
    await fleet.drain(DRAIN_MS)
    const endedAt = nowMs()
    const leftovers = await server.leftovers(names)
    const { ticketsBefore, ...left } = leftovers
    const tables = { ...(await server.tableSizes()), ticketsBefore }
    await fleet.end()
    const read = { effects: await server.effects(), counters: await server.counters(), leftovers: left }
    return { history: { ...readRecords(folder, endedAt), ...read, freezeMs, endedAt }, counts: fleet.counts, tables }
  } finally {
    clearInterval(progress)
    await fleet.end()
  }
}

interface Stage {
  readonly fleet: Fleet
  readonly server: ServerSide
  readonly record: Recorder
}

async function strikeFor(options: RunOptions, stage: Stage): Promise<void> {
  const { seed, seconds, processes, strikeEveryMs } = options
  const endAt = nowMs() + seconds * 1000
  for (const strike of planStrikes(new Random(seed, 'strikes'), options, { processes, everyMs: strikeEveryMs })) {
    const leftMs = endAt - nowMs()
    await pause(Math.max(0, Math.min(strike.afterMs, leftMs)))
    if (strike.afterMs >= leftMs) return
    await act(strike, options, stage)
  }
}

async function act(strike: Strike, { crash }: RunOptions, { fleet, server, record }: Stage): Promise<void> {
  const { kind, process, forMs } = strike
  if (kind === 'kill') return fleet.kill(process, forMs)
  if (kind === 'freeze' || kind === 'nap') return fleet.freeze(process, forMs)
  if (kind === 'crash') {
    record('crash', null)
    await crash?.()
    return record('recovered', null)
  }
  const life = fleet.lifeOf(process)
  if (life === undefined) return
  record('terminate', life)
  await server.terminate(life)
  record('terminated', life)
}
