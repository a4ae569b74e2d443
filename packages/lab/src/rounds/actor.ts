import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { type LabEvent, monotonicMs, type What } from '../history/event.ts'
import type { Keeper } from '../processes/keeper.ts'
import { within } from '../processes/within.ts'
import type { Assignment, FromActor, Task, ToActor } from './task.ts'

/** A contender that is not open after this will not be. */
const OPEN_LIMIT_MS = 30_000
const PROGRAM = new URL('./actor-program.js', import.meta.url)

/** A process of a contender as the lab sees it. */
export class Actor {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>
  readonly #assignment: Assignment
  #task: Task | undefined
  #hear: (event: LabEvent) => void = () => {}
  #done: () => void = () => {}
  #isKilled = false
  /** Whether it ended without having been told to. */
  #hasEnded = false

  /**
   * @param inside a program, with its arguments, that runs another one somewhere else
   * @throws {Error} if the contender could not be opened
   */
  static async start(assignment: Assignment, keeper: Keeper, inside: readonly string[] = []): Promise<Actor> {
    const [execPath, ...execArgv] = [...inside, process.execPath]
    const child = fork(PROGRAM, [JSON.stringify(assignment)], {
      ...(execPath === undefined ? {} : { execPath }),
      execArgv,
      // Ctrl-C in a terminal reaches the whole foreground group, and when this ends is for the lab to say.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    keeper.watch(child)
    const actor = new Actor(child, assignment)
    await actor.#ready()
    return actor
  }

  private constructor(child: ChildProcess, assignment: Assignment) {
    this.#child = child
    this.#assignment = assignment
    // Of one that could not be started there is no exit.
    this.#exit = new Promise((resolve) => child.once('exit', resolve).on('error', resolve))
    child.once('exit', (code, signal) => {
      this.#hasEnded = true
      // As a process does whose library throws where nobody can catch it.
      if (!this.#isKilled) this.#hear({ ...this.#event('failed'), detail: `its process ended (${signal ?? code})` })
      this.#done()
    })
    child.on('message', (message: FromActor) => {
      if ('event' in message) this.#hear({ ...message.event, who: assignment.player })
      else if ('done' in message) this.#done()
    })
  }

  get application(): string {
    return this.#assignment.application
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Resolves when it has played the round, or has ended; `hear` is called for whatever it tells. */
  play(task: Task, hear: (event: LabEvent) => void): Promise<void> {
    this.#task = task
    this.#hear = hear
    const done = new Promise<void>((resolve) => (this.#done = resolve))
    if (this.#hasEnded) this.#done()
    else this.#send({ task })
    return done
  }

  /** Lets it go on from where it was struck. */
  goOn(): void {
    if (this.#task?.stance === 'stops') this.#child.kill('SIGCONT')
    else if (this.#task?.stance === 'blocks') writeFileSync(this.#task.flag, '')
    else this.#send({ goOn: true })
  }

  /** SIGKILL, also of one that is stopped. */
  async kill(): Promise<void> {
    this.#isKilled = true
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  #event(what: What): LabEvent {
    return { atMs: monotonicMs(), who: this.#assignment.player, what }
  }

  #send(message: ToActor): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  async #ready(): Promise<void> {
    const answered = new Promise<FromActor | null>((resolve) => {
      this.#child.once('message', (message: FromActor) => resolve(message))
      this.#child.once('error', () => resolve(null))
      this.#child.once('exit', () => resolve(null))
    })
    const answer = await within(OPEN_LIMIT_MS, answered)
    if (answer && 'ready' in answer) return
    await this.kill()
    const late = answer === undefined ? `it was not open after ${OPEN_LIMIT_MS / 1000} s` : 'its process ended'
    const why = answer && 'failed' in answer ? answer.failed : late
    throw new Error(why)
  }
}

/** Resolves when one of these was told; `hear` passes on to it what was. */
export class Listener {
  readonly #waits: { readonly whats: readonly What[]; readonly resolve: () => void }[] = []
  readonly #heard = new Set<What>()

  hear(what: What): void {
    this.#heard.add(what)
    for (const { whats, resolve } of this.#waits) if (whats.includes(what)) resolve()
  }

  says(...whats: What[]): Promise<void> {
    if (whats.some((what) => this.#heard.has(what))) return Promise.resolve()
    return new Promise((resolve) => this.#waits.push({ whats, resolve }))
  }
}
