/** Gives the place back; the next in line gets it. Calling it again does nothing. */
export type Leave = () => void

type Enter = (leave: Leave) => void

/**
 * One at a time per key within this process, first come first served. A backend never waits for itself, so what this
 * process holds it must refuse before it asks the server.
 */
export class LocalLine {
  readonly #waiting = new Map<bigint, Enter[]>()

  tryEnter(key: bigint): Leave | null {
    if (this.#waiting.has(key)) return null
    this.#waiting.set(key, [])
    return this.#leaveOf(key)
  }

  /** Rejects with the signal's reason; the place in the line is then given up. */
  async enter(key: bigint, signal: AbortSignal): Promise<Leave> {
    signal.throwIfAborted()
    return this.tryEnter(key) ?? (await this.#wait(key, signal))
  }

  #wait(key: bigint, signal: AbortSignal): Promise<Leave> {
    const line = this.#waiting.get(key) ?? []
    return new Promise((resolve, reject) => {
      const enter: Enter = (leave) => {
        signal.removeEventListener('abort', abort)
        resolve(leave)
      }
      const abort = () => {
        line.splice(line.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      line.push(enter)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  #leaveOf(key: bigint): Leave {
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      const next = this.#waiting.get(key)?.shift()
      if (next === undefined) this.#waiting.delete(key)
      else next(this.#leaveOf(key))
    }
  }
}
