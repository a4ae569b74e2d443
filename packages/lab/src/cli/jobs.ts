import { setTimeout as pause } from 'node:timers/promises'
import { loadContender } from '../contenders/all.ts'
import type { Contender } from '../contenders/contender.ts'
import { installPeers, peerNames } from '../processes/peers.ts'
import type { NotTried } from '../report/result.ts'
import { planTrials, type Trial } from '../rounds/plan.ts'
import { whyNoServer } from '../servers/missing.ts'
import { whyNoClock } from '../servers/roads/clock.ts'
import type { StandKind } from '../servers/stand.ts'
import type { Wanted } from './arguments.ts'

/** What is to be tried on one stand of servers. */
export interface Job {
  readonly contender: Contender
  /** As the command line names it: a name of ours, or a path. */
  readonly source: string
  readonly kind: StandKind
  readonly trials: readonly Trial[]
}

/** All that is to be tried, and why the rest is not. */
export interface Plan {
  readonly jobs: readonly Job[]
  /** By their sources. */
  readonly contenders: ReadonlyMap<string, Contender>
  /** What would be tried if it were installed. */
  readonly missing: readonly NotTried[]
  /** What makes no sense. */
  readonly senseless: readonly NotTried[]
  /** The folder of the packages that contenders use; empty: none of them uses any. */
  readonly peers: string
}

/**
 * Looks at what is there, and installs what is compared with. Ends early, with what it has, when the signal aborts.
 *
 * @throws {TypeError} for a file that is no contender, or has the name of another one
 */
export async function planJobs(
  { contenders: sources, trials }: Wanted,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Plan> {
  const contenders = await loadAll(sources)
  const jobs: Job[] = []
  const [missing, senseless]: [NotTried[], NotTried[]] = [[], []]
  // Once: what has failed for one fails for all.
  const packages = new Packages(say, signal)
  for (const [source, contender] of contenders) {
    const why = whyNoServers(contender) ?? (await packages.whyNot(contender))
    // Ctrl-C has reached the program that was asked, too: what it did not answer says nothing.
    await pause(0)
    if (signal.aborted) break
    if (why !== null) {
      missing.push({ contender: contender.name, why })
      continue
    }
    const { byStand, leftOut } = planTrials(contender, trials)
    senseless.push(...leftOut)
    for (const [kind, some] of byStand) {
      const noClock = kind === 'clocks' ? whyNoClock() : null
      if (noClock === null) jobs.push({ contender, source, kind, trials: some })
      else
        for (const fault of new Set(some.map((trial) => trial.fault.name)))
          missing.push({ contender: contender.name, fault, why: noClock })
    }
  }
  return { jobs, contenders, missing, senseless, peers: packages.folder }
}

async function loadAll(sources: readonly string[]): Promise<ReadonlyMap<string, Contender>> {
  const names = await peerNames()
  const loaded = new Map<string, Contender>()
  for (const source of sources) {
    const contender = await loadContender(source)
    const [other] = [...loaded].find(([, { name }]) => name === contender.name) ?? []
    if (other !== undefined) throw new TypeError(`${source} and ${other} have the same name, "${contender.name}"`)
    const unknown = (contender.packages ?? []).find((name) => !names.includes(name))
    if (unknown !== undefined) {
      throw new TypeError(
        `${source} asks for package ${unknown}: the lab installs ${names.join(', ')}; import your own`,
      )
    }
    loaded.set(source, contender)
  }
  return loaded
}

function whyNoServers({ servers = [] }: Contender): string | null {
  const missing = servers.flatMap((kind) => whyNoServer(kind) ?? [])
  return missing.length > 0 ? missing.join('; ') : null
}

/** Installed when the first contender asks for one. */
class Packages {
  folder = ''
  #failure: string | null = null
  readonly #install: () => Promise<string>

  constructor(say: (text: string) => void, signal: AbortSignal) {
    this.#install = () => installPeers(say, signal)
  }

  async whyNot({ packages = [] }: Contender): Promise<string | null> {
    if (packages.length === 0) return null
    if (this.folder === '' && this.#failure === null) {
      this.folder = await this.#install().catch((error: unknown) => {
        this.#failure = (error as Error).message
        return ''
      })
    }
    return this.#failure
  }
}
