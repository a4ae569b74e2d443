import { type Contender, TTL_MS } from '../contenders/contender.ts'
import { loadContender } from '../contenders/all.ts'
import type { Round } from '../history/round.ts'
import { Keeper } from '../processes/keeper.ts'
import { installPeers } from '../processes/peers.ts'
import { type NotTried, type Result, trialName } from '../report/result.ts'
import { describe } from '../report/words.ts'
import { cellsOf, planTrials, type Trial } from '../rounds/plan.ts'
import { tryContender } from '../rounds/try-contender.ts'
import { whyNoServer } from '../servers/missing.ts'
import { whyNoClock } from '../servers/roads/clock.ts'
import type { Stand, StandKind } from '../servers/stand.ts'
import { surprises } from '../verdict/beliefs.ts'
import { judgeCell } from '../verdict/judge-cell.ts'
import type { Wanted } from './arguments.ts'
import { abortedFor } from './interruption.ts'
import { machine, versionsOf } from './surroundings.ts'

/** Rounds that are played side by side: they mostly wait. */
const PAIRS = 4
/** Contenders that are tried at once; each has servers of its own. */
const LANES = 3

const GRACE_MS = 10_000

/** What is to be tried on one stand of servers. */
interface Job {
  readonly contender: Contender
  readonly source: string
  readonly kind: StandKind
  readonly trials: readonly Trial[]
}

/** One run of the lab, and what has come of it so far. */
export class Run {
  readonly #wanted: Wanted
  readonly #signal: AbortSignal
  readonly #say: (text: string) => void
  readonly #startedAt = new Date()
  readonly #rounds: Round[] = []
  readonly #notTried: NotTried[] = []
  readonly #tried: Contender[] = []
  #failures = 0
  #isComplete = false
  #peers = ''
  #postgres: string | null = null
  #road: string | null = null
  #done = 0
  #toDo = 0

  constructor(wanted: Wanted, signal: AbortSignal, say: (text: string) => void) {
    this.#wanted = wanted
    this.#signal = signal
    this.#say = say
  }

  /** Whatever happens, nothing is left running. Returns early when the signal aborts. */
  async play(): Promise<void> {
    const jobs = await this.#jobs()
    this.#toDo = jobs.reduce((total, { trials }) => total + trials.length, 0)
    await using keeper = await Keeper.start()
    const lanes = Array.from({ length: LANES }, async () => {
      for (let job = jobs.shift(); job !== undefined && !this.#signal.aborted; job = jobs.shift())
        await this.#try(job, keeper)
    })
    // Whatever hangs when somebody ends the run, the keeper ends.
    await Promise.race([Promise.all(lanes), abortedFor(GRACE_MS, this.#signal)])
    this.#isComplete = this.#done === this.#toDo
  }

  /** A fenced lock that let something be paid twice breaks its promise, and what could not be tried is no success. */
  get exitCode(): number {
    const { cells, contenders } = this.result()
    const isBroken = contenders.some(
      ({ name, isFenced }) =>
        isFenced && cells.some(({ contender, doubleEntries }) => contender === name && doubleEntries > 0),
    )
    return isBroken || this.#failures > 0 ? 1 : 0
  }

  result(): Result {
    const contenders = this.#tried.filter(({ name }) => this.#rounds.some(({ contender }) => contender === name))
    const cells = cellsOf(this.#rounds, this.#tried, this.#wanted.trials)
    const fenced = contenders.filter(({ isFenced }) => isFenced).map(({ name }) => name)
    const faults = new Map(this.#wanted.trials.map(({ fault: { name, about } }) => [name, { name, about }]))
    return {
      version: 1,
      date: this.#startedAt.toISOString(),
      seconds: Math.round((Date.now() - this.#startedAt.getTime()) / 1000),
      machine: machine(),
      versions: versionsOf(contenders, this.#postgres, this.#peers),
      ttlMs: TTL_MS,
      partitionsBy: this.#road,
      firstSeed: this.#wanted.firstSeed,
      isComplete: this.#isComplete,
      contenders: contenders.map(({ name, about, isFenced = false, settings = {} }) => ({
        name,
        about,
        isFenced,
        settings,
      })),
      faults: [...faults.values()],
      cells,
      notTried: this.#notTried,
      surprises: surprises(cells, fenced),
      rounds: this.#rounds,
    }
  }

  async #jobs(): Promise<Job[]> {
    const jobs: Job[] = []
    for (const source of this.#wanted.contenders) {
      const contender = await loadContender(source)
      this.#tried.push(contender)
      const missing = await this.#whyNot(contender)
      if (missing !== null) {
        this.#leaveOut({ contender: contender.name, why: missing })
        continue
      }
      const { byStand, leftOut } = planTrials(contender, this.#wanted.trials)
      this.#notTried.push(...leftOut)
      for (const [kind, trials] of byStand) {
        const why = kind === 'clocks' ? whyNoClock() : null
        if (why === null) jobs.push({ contender, source, kind, trials })
        else
          for (const name of new Set(trials.map(({ fault }) => fault.name)))
            this.#leaveOut({ contender: contender.name, fault: name, why })
      }
    }
    return jobs
  }

  /** Why nothing of a contender can be tried. */
  async #whyNot({ servers = [], packages = [] }: Contender): Promise<string | null> {
    const missing = servers.flatMap((kind) => whyNoServer(kind) ?? [])
    if (missing.length > 0) return missing.join('; ')
    if (this.#peers !== '' || packages.length === 0) return null
    try {
      this.#peers = await installPeers(this.#say)
      return null
    } catch (error) {
      return (error as Error).message
    }
  }

  async #try({ contender, source, kind, trials }: Job, keeper: Keeper): Promise<void> {
    const { rounds, firstSeed } = this.#wanted
    try {
      await tryContender(kind, trials, {
        contender,
        source,
        keeper,
        peers: this.#peers,
        rounds,
        pairs: PAIRS,
        firstSeed,
        signal: this.#signal,
        onStand: (stand) => this.#look(stand),
        onTrial: (trial, played) => this.#record(contender, trial, played),
        onFailure: (trial, error) => this.#fail(contender, trial, error),
      })
    } catch (error) {
      if (this.#signal.aborted) return
      for (const trial of trials) this.#fail(contender, trial, error as Error)
    }
  }

  #look({ postgres, road }: Stand): void {
    this.#postgres = postgres.version
    this.#road ??= road?.kind ?? null
  }

  #record({ name }: Contender, { fault, moment }: Trial, rounds: readonly Round[]): void {
    this.#rounds.push(...rounds)
    this.#progress(`${name} ${trialName({ fault: fault.name, moment })}: ${describe(judgeCell(rounds))}`)
  }

  #fail({ name }: Contender, { fault, moment }: Trial, error: Error): void {
    const trial = trialName({ fault: fault.name, moment })
    this.#failures++
    this.#notTried.push({ contender: name, fault: trial, why: error.message })
    this.#progress(`${name} ${trial} failed: ${error.message}`)
  }

  #leaveOut(left: NotTried): void {
    this.#notTried.push(left)
    this.#say(`left out: ${left.contender}${left.fault ? `, ${left.fault}` : ''}: ${left.why}`)
  }

  #progress(text: string): void {
    this.#say(`[${++this.#done}/${this.#toDo}] ${text}`)
  }
}
