import { orAborted } from '../ground/abort.ts'
import type { Mortal } from '../testing/mortal.ts'
import type { Hold, MemoryLines } from './memory-lines.ts'

/** What a connection is for PostgreSQL: all that is held on it is lost together. */
export class MemorySession implements Mortal {
  readonly #lines: MemoryLines
  readonly #holds = new Set<Hold>()
  #isOver = false
  #thawed: Promise<void> | undefined

  constructor(lines: MemoryLines) {
    this.#lines = lines
  }

  get isFrozen(): boolean {
    return this.#thawed !== undefined
  }

  get isOver(): boolean {
    return this.#isOver
  }

  keep(hold: Hold): void {
    this.#holds.add(hold)
  }

  /** A process that is frozen lets go of nothing by itself. */
  async release(hold: Hold): Promise<void> {
    await this.#thawed
    this.#holds.delete(hold)
    this.#lines.release(hold)
  }

  async whenThawed(signal: AbortSignal): Promise<void> {
    if (this.#thawed !== undefined) await orAborted(this.#thawed, signal)
  }

  die(): Promise<void> {
    for (const { lost } of this.#letGo()) lost.abort(new Error('its session was ended'))
    return Promise.resolve()
  }

  freeze(): Promise<() => Promise<void>> {
    let thaw!: () => void
    this.#thawed = new Promise((resolve) => (thaw = resolve))
    const holds = this.#letGo()
    return Promise.resolve(() => {
      for (const { lost } of holds) lost.abort(new Error('its session was ended while its process was frozen'))
      this.#thawed = undefined
      thaw()
      return Promise.resolve()
    })
  }

  #letGo(): Hold[] {
    const holds = [...this.#holds]
    this.#isOver = true
    this.#holds.clear()
    for (const hold of holds) this.#lines.release(hold)
    return holds
  }
}
