import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FencepostOptions } from 'fencepost'
import { type Planned, planSteps, type Step } from './plan.ts'
import { Random } from './random.ts'
import type { Recorder } from './recorder.ts'

export interface FleetOptions extends Planned {
  readonly url: string
  readonly library: FencepostOptions
  readonly folder: string
  readonly seed: number
  readonly processes: number
  readonly callers: number
  readonly record: Recorder
}

interface Life {
  readonly life: string
  readonly child: ChildProcess
  readonly steps: Generator<Step>[]
  restartMs: number
  isDrained: boolean
}

interface Message {
  readonly counts?: Record<string, number>
  readonly hungry?: number
  readonly thawAfterMs?: number
  readonly drained?: true
}

const BATCH = 20
const SAID = 2000
const AGAIN_MS = 200

/** The processes of a run: each lives until it is killed, and then again. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #living = new Map<number, Life>()
  readonly #counts = new Map<string, Record<string, number>>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #lives = new Map<number, number>()
  #isDraining = false
  #drained: () => void = () => {}

  constructor(options: FleetOptions) {
    this.#options = options
    for (let number = 1; number <= options.processes; number++) this.#start(number)
  }

  /** What the processes have written down so far, by event. */
  get counts(): Record<string, number> {
    const sum: Record<string, number> = {}
    for (const counts of this.#counts.values()) {
      for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + count
    }
    return sum
  }

  lifeOf(number: number): string | undefined {
    return this.#living.get(number)?.life
  }

  kill(number: number, restartMs: number): void {
    const living = this.#living.get(number)
    if (living === undefined) return
    living.restartMs = restartMs
    // First: what it does from now on is in doubt.
    this.#options.record('kill', living.life)
    living.child.kill('SIGKILL')
  }

  freeze(number: number, forMs: number): void {
    const living = this.#living.get(number)
    if (living === undefined) return
    this.#options.record('freeze', living.life)
    living.child.kill('SIGSTOP')
    this.#later(forMs, () => {
      living.child.kill('SIGCONT')
      this.#options.record('thawed', living.life)
    })
  }

  /** Lets everybody end what they do; true if they have within the limit. */
  async drain(limitMs: number): Promise<boolean> {
    this.#isDraining = true
    for (const { child } of this.#living.values()) child.send({ drain: true }, () => {})
    const all = new Promise<true>((resolve) => (this.#drained = () => resolve(true)))
    this.#lookWhetherDrained()
    return await Promise.race([all, new Promise<false>((resolve) => this.#later(limitMs, () => resolve(false)))])
  }

  /** Ends whoever still lives. */
  async end(): Promise<void> {
    this.#isDraining = true
    for (const timer of this.#timers) clearTimeout(timer)
    const living = [...this.#living.values()].filter(
      ({ child }) => child.exitCode === null && child.signalCode === null,
    )
    this.#living.clear()
    const ends = living.map(({ child }) => once(child, 'exit'))
    for (const { child } of living) child.kill('SIGKILL')
    await Promise.all(ends)
  }

  #start(number: number): void {
    const { url, library, folder, callers } = this.#options
    const count = (this.#lives.get(number) ?? 0) + 1
    this.#lives.set(number, count)
    const life = `${number}.${count}`
    const file = join(folder, `${life}.jsonl`)
    const settings = { url, life, callers, file, library: { ...library, application: `history ${life}` } }
    const child = fork(new URL('./worker.js', import.meta.url), [JSON.stringify(settings)], {
      execArgv: [],
      silent: true,
    })
    const steps = Array.from({ length: callers }, (_, caller) => this.#plan(`${life}/${caller}`))
    const living = { life, child, steps, restartMs: AGAIN_MS, isDrained: false }
    this.#living.set(number, living)
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-SAID)))
    child.on('message', (message: Message) => this.#hear(living, message))
    child.on('exit', (code, signal) => {
      if (this.#living.get(number) !== living) return
      this.#living.delete(number)
      this.#options.record('exit', life, { signal, said: `${signal ?? `exit code ${code}`}: ${said}` })
      if (this.#isDraining) this.#lookWhetherDrained()
      else this.#later(living.restartMs, () => this.#isDraining || this.#start(number))
    })
  }

  #plan(path: string): Generator<Step> {
    return planSteps(new Random(this.#options.seed, path), this.#options)
  }

  #hear(living: Life, { counts, hungry, thawAfterMs, drained }: Message): void {
    const { child, steps, life } = living
    if (counts !== undefined) this.#counts.set(life, counts)
    if (thawAfterMs !== undefined) this.#later(thawAfterMs, () => child.kill('SIGCONT'))
    if (hungry !== undefined) {
      const batch = this.#isDraining ? [] : Array.from({ length: BATCH }, () => steps[hungry]?.next().value)
      child.send({ caller: hungry, steps: batch }, () => {})
    }
    if (drained) {
      living.isDrained = true
      this.#lookWhetherDrained()
    }
  }

  #lookWhetherDrained(): void {
    if ([...this.#living.values()].every(({ isDrained }) => isDrained)) this.#drained()
  }

  #later(ms: number, act: () => unknown): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }
}
