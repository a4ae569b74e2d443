import type { Duration } from '../../ground/duration.ts'
import type { SeenLock, Survey } from '../../index.ts'
import type { DatabaseOptions } from '../database-options.ts'
import { ExitCode, signalled } from '../exit-code.ts'
import { evicteeOf, evictionText, takeAway } from '../reading/eviction.ts'
import { lockTitle } from '../reading/lock-words.ts'
import { openSurvey } from '../reading/open-survey.ts'
import { Dashboard, evictionQuestion } from './dashboard.ts'
import { Screen } from './screen.ts'
import { VIEWS } from './views.ts'

export interface TopOptions extends Omit<DatabaseOptions, 'json'> {
  readonly every: Duration
  readonly grace: Duration
}

/** Shows the dashboard until somebody quits it; resolves with the exit code. */
export async function watch(options: TopOptions, everyMs: number): Promise<number> {
  await using survey = await openSurvey('top', options)
  return await new Promise((resolve) => {
    const watcher = new Watcher(survey, options, everyMs, resolve)
    watcher.start()
  })
}

class Watcher {
  readonly #survey: Survey
  readonly #options: TopOptions
  readonly #everyMs: number
  readonly #quit: (code: number) => void
  readonly #dashboard = new Dashboard()
  readonly #screen: Screen
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  /** What `y` does now. */
  #asked: (() => Promise<void>) | null = null

  constructor(survey: Survey, options: TopOptions, everyMs: number, quit: (code: number) => void) {
    this.#survey = survey
    this.#options = options
    this.#everyMs = everyMs
    this.#quit = quit
    this.#screen = new Screen({
      key: (name) => this.#press(name),
      stale: () => this.#draw(),
      signal: (name) => this.#end(signalled(name)),
    })
  }

  start(): void {
    this.#draw()
    void this.#look()
  }

  /** One look after the other, and a pause between them. */
  async #look(): Promise<void> {
    try {
      const sighting = { locks: await this.#survey.locks(), waits: await this.#survey.waits() }
      if (!this.#dashboard.isPaused) this.#dashboard.see(sighting)
    } catch (error) {
      this.#dashboard.loseSight(error as Error)
    }
    if (this.#isOver) return
    this.#draw()
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs)
  }

  #draw(): void {
    if (!this.#isOver) this.#screen.draw(this.#dashboard.lines(this.#screen))
  }

  #press(key: string): void {
    this.#dashboard.message = null
    const asked = this.#asked
    this.#asked = null
    if (key === 'interrupt') return this.#end(ExitCode.interrupted)
    if (asked !== null) this.#answer(key, asked)
    else if (key === 'q') return this.#end(ExitCode.fine)
    else this.#steer(key)
    this.#draw()
  }

  #steer(key: string): void {
    const view = VIEWS[Number(key) - 1]
    const page = this.#screen.height - 5
    const steps: Readonly<Record<string, number>> = { up: -1, down: 1, 'page up': -page, 'page down': page }
    const step = steps[key]
    if (view !== undefined) this.#dashboard.show(view)
    else if (step !== undefined) this.#dashboard.move(step, this.#screen)
    else if (key === ' ') this.#dashboard.isPaused = !this.#dashboard.isPaused
    else if (key === 'k') this.#askToEvict()
  }

  #askToEvict(): void {
    const held = this.#dashboard.holdersOfSelected(this.#screen)
    const [first] = held
    if (first === undefined) this.#dashboard.message = 'select a lock that is held, in view 1 or 2'
    else if (first.name === null) this.#dashboard.message = byHand(first)
    else {
      const { name, namespace } = first
      this.#dashboard.message = evictionQuestion(held)
      this.#asked = () => this.#evict(name, namespace ?? 'default', held)
    }
  }

  #answer(key: string, asked: () => Promise<void>): void {
    if (key !== 'y') this.#dashboard.message = 'nothing was done'
    else void asked()
  }

  async #evict(name: string, namespace: string, held: readonly SeenLock[]): Promise<void> {
    this.#dashboard.message = `taking "${name}" away …`
    try {
      const report = await takeAway(name, { ...this.#options, namespace }, evicteeOf({ held, title: name }))
      this.#dashboard.message = evictionText(name, report)
    } catch (error) {
      this.#dashboard.message = (error as Error).message.replaceAll(/\s+/g, ' ')
    }
    this.#draw()
  }

  #end(code: number): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#screen[Symbol.dispose]()
    this.#quit(code)
  }
}

function byHand(lock: SeenLock): string {
  const how = lock.backend === null ? 'rollback prepared' : `select pg_terminate_backend(${lock.backend})`
  return `${lockTitle(lock)} was not taken through fencepost, or is too young to have a name; ${how} ends it`
}
