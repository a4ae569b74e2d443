import { type Contender, TTL_MS } from '../contenders/contender.ts'
import type { Round } from '../history/round.ts'
import { Keeper } from '../processes/keeper.ts'
import { againBy, type NotTried, notTriedInShort, type Result, trialName } from '../report/result.ts'
import { describe } from '../report/words.ts'
import { cellsOf, type Trial } from '../rounds/plan.ts'
import { tryContender } from '../rounds/try-contender.ts'
import type { Stand } from '../servers/stand.ts'
import { surprises } from '../verdict/beliefs.ts'
import { judgeCell } from '../verdict/judge-cell.ts'
import type { Wanted } from './arguments.ts'
import { abortedFor, GRACE_MS } from './interruption.ts'
import { type Job, planJobs } from './jobs.ts'
import { machine, program, versionsOf } from './surroundings.ts'

/** Rounds that are played side by side: they mostly wait. */
const PAIRS = 4
/** Contenders that are tried at once; each has servers of its own. */
const LANES = 3

/** One run of the lab, and what has come of it so far. */
export class Run {
  readonly #wanted: Wanted
  readonly #signal: AbortSignal
  readonly #say: (text: string) => void
  readonly #startedAt = new Date()
  readonly #rounds: Round[] = []
  readonly #notTried: NotTried[] = []
  #contenders: ReadonlyMap<string, Contender> = new Map()
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

  /**
   * Whatever happens, nothing is left running. Returns early when the signal aborts.
   *
   * @throws {TypeError} for a file that is no contender
   */
  async play(): Promise<void> {
    const plan = await planJobs(this.#wanted, this.#say, this.#signal)
    const isWhole = !this.#signal.aborted
    this.#contenders = plan.contenders
    this.#peers = plan.peers
    this.#notTried.push(...plan.missing, ...plan.senseless)
    for (const line of notTriedInShort(plan.missing)) this.#say(`left out: ${line}`)
    const jobs = [...plan.jobs]
    this.#toDo = jobs.reduce((total, { trials }) => total + trials.length, 0)
    await using keeper = await Keeper.start()
    const lanes = Array.from({ length: LANES }, async () => {
      for (let job = jobs.shift(); job !== undefined && !this.#signal.aborted; job = jobs.shift())
        await this.#try(job, keeper)
    })
    // Whatever hangs when somebody ends the run, the keeper ends.
    await Promise.race([Promise.all(lanes), abortedFor(GRACE_MS, this.#signal)])
    this.#isComplete = isWhole && this.#done === this.#toDo
  }

  /** A fenced lock that let something be paid twice breaks its promise, and what failed, or was nothing at all, is no success. */
  get exitCode(): number {
    const { cells, contenders } = this.result()
    const isBroken = contenders.some(
      ({ name, isFenced }) =>
        isFenced && cells.some(({ contender, doubleEntries }) => contender === name && doubleEntries > 0),
    )
    return isBroken || this.#failures > 0 || this.#rounds.length === 0 ? 1 : 0
  }

  result(): Result {
    const all = [...this.#contenders.values()]
    const contenders = all.filter(({ name }) => this.#rounds.some(({ contender }) => contender === name))
    const cells = cellsOf(this.#rounds, all, this.#wanted.trials)
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
      rounds: this.#rounds.map((round) => ({ ...round, again: againBy(program(), this.#sourceOf(round), round) })),
    }
  }

  /** A file by its path. */
  #sourceOf({ contender }: Round): string {
    const [source = contender] = [...this.#contenders].find(([, { name }]) => name === contender) ?? []
    return source
  }

  async #try({ contender, source, kind, trials }: Job, keeper: Keeper): Promise<void> {
    const { rounds, firstSeed } = this.#wanted
    const left = new Set(trials)
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
        onTrial: (trial, played) => {
          left.delete(trial)
          this.#record(contender, trial, played)
        },
        onFailure: (trial, error) => {
          left.delete(trial)
          this.#fail(contender, trial, error)
        },
      })
    } catch (error) {
      if (this.#signal.aborted) return
      for (const trial of left) this.#fail(contender, trial, error as Error)
      // All is played, and its servers could not be ended in order: the keeper ends them.
      if (left.size === 0) this.#say(`${contender.name}: ${(error as Error).message}`)
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

  #progress(text: string): void {
    this.#say(`[${++this.#done}/${this.#toDo}] ${text}`)
  }
}
