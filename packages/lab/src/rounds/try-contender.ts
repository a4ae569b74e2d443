import { type Contender, type Place, TTL_MS } from '../contenders/contender.ts'
import { loaderOf } from '../contenders/load-package.ts'
import type { Round } from '../history/round.ts'
import type { Keeper } from '../processes/keeper.ts'
import { within } from '../processes/within.ts'
import { Stand, type StandKind } from '../servers/stand.ts'
import { Crew } from './crew.ts'
import type { Trial } from './plan.ts'
import { playWave } from './play-wave.ts'

const PREPARE_LIMIT_MS = 30_000

export interface TryOptions {
  readonly contender: Contender
  readonly source: string
  readonly keeper: Keeper
  readonly peers: string
  readonly rounds: number
  /** How many of them side by side. */
  readonly pairs: number
  readonly firstSeed: number
  readonly signal: AbortSignal
  /** Hears what the servers are that were started. */
  readonly onStand: (stand: Stand) => void
  /** Hears the rounds of each trial once they are played. */
  readonly onTrial: (trial: Trial, rounds: readonly Round[]) => void
  /** Hears of a trial that could not be made. */
  readonly onFailure: (trial: Trial, error: Error) => void
}

/** Tries a contender on servers of its own. */
export async function tryContender(kind: StandKind, trials: readonly Trial[], options: TryOptions): Promise<void> {
  const { contender, keeper, peers, signal } = options
  if (kind === 'replicated') return await oneStandEach(trials, options)
  await using stand = await Stand.open(keeper, kind, contender.servers ?? [])
  options.onStand(stand)
  signal.throwIfAborted()
  await prepare(contender, placeOf(stand, peers))
  await using crew = new Crew({ ...options, stand })
  for (const trial of trials) {
    signal.throwIfAborted()
    try {
      options.onTrial(trial, await playTrial(crew, trial, options))
    } catch (error) {
      signal.throwIfAborted()
      options.onFailure(trial, error as Error)
    }
  }
}

/** A fail-over happens once. */
async function oneStandEach(trials: readonly Trial[], options: TryOptions): Promise<void> {
  const { contender, keeper, peers, signal, rounds, pairs, firstSeed } = options
  for (const trial of trials) {
    const played: Round[] = []
    try {
      for (let done = 0; done < rounds; done += pairs) {
        signal.throwIfAborted()
        await using stand = await Stand.open(keeper, 'replicated', contender.servers ?? [])
        await prepare(contender, placeOf(stand, peers))
        await using crew = new Crew({ ...options, stand })
        const seeds = seedsOf(firstSeed + done, Math.min(pairs, rounds - done))
        played.push(...(await playWave(crew, { contender, ...trial, seeds })))
      }
      options.onTrial(trial, played)
    } catch (error) {
      signal.throwIfAborted()
      options.onFailure(trial, error as Error)
    }
  }
}

async function playTrial(crew: Crew, trial: Trial, options: TryOptions): Promise<Round[]> {
  const { contender, rounds, pairs, firstSeed, signal } = options
  const played: Round[] = []
  while (played.length < rounds) {
    signal.throwIfAborted()
    const seeds = seedsOf(firstSeed + played.length, Math.min(pairs, rounds - played.length))
    played.push(...(await playWave(crew, { contender, ...trial, seeds })))
  }
  return played
}

async function prepare(contender: Contender, place: Place): Promise<void> {
  if (contender.prepare === undefined) return
  const prepared = contender.prepare(place).then(() => true)
  if ((await within(PREPARE_LIMIT_MS, prepared)) === undefined) {
    throw new Error(`${contender.name} did not prepare within ${PREPARE_LIMIT_MS / 1000} s`)
  }
}

function seedsOf(first: number, length: number): number[] {
  return Array.from({ length }, (_, index) => first + index)
}

function placeOf(stand: Stand, peers: string): Place {
  return { ...stand.endpoints, ttlMs: TTL_MS, application: 'lab', load: loaderOf(peers) }
}
