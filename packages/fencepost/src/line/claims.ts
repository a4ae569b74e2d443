import type { Mode } from '../ground/mode.ts'

/** Gives a claim back. Calling it again does nothing. */
export type Leave = () => void

interface Claimed {
  exclusive: number
  shared: number
}

/**
 * What this process holds or is asking for, by key. A backend never stands in its own way, so what one session of ours
 * holds must be refused here, before the server is asked.
 */
export class Claims {
  readonly #claimed = new Map<bigint, Claimed>()
  #count = 0
  readonly #watching = new Map<bigint, Set<() => void>>()

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** Null if the key is claimed in a mode that excludes this one. */
  enter(key: bigint, mode: Mode): Leave | null {
    return this.isFree(key, mode) ? this.add(key, mode) : null
  }

  isFree(key: bigint, mode: Mode): boolean {
    const claimed = this.#claimed.get(key)
    return claimed === undefined || (claimed.exclusive === 0 && (mode === 'shared' || claimed.shared === 0))
  }

  /** For what the server has granted already: the one before may not have heard yet that it has let go. */
  add(key: bigint, mode: Mode): Leave {
    const claimed = this.#claimed.get(key) ?? { exclusive: 0, shared: 0 }
    this.#claimed.set(key, claimed)
    claimed[mode]++
    this.#count++
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      claimed[mode]--
      this.#count--
      if (claimed.exclusive + claimed.shared === 0) this.#claimed.delete(key)
      this.tell(key)
    }
  }

  /** For whoever heard that the key may be free. */
  tell(key: bigint): void {
    for (const tell of this.#watching.get(key) ?? []) tell()
  }

  /** Resolves when a claim of the key is given back or somebody tells, or with the signal. */
  async change(key: bigint, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const watching = this.#watching.get(key) ?? new Set()
    this.#watching.set(key, watching)
    await new Promise<void>((resolve) => {
      const tell = () => {
        signal.removeEventListener('abort', tell)
        watching.delete(tell)
        if (watching.size === 0) this.#watching.delete(key)
        resolve()
      }
      watching.add(tell)
      signal.addEventListener('abort', tell, { once: true })
    })
  }
}
