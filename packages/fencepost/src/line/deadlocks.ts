import { firstOf } from '../ground/abort.ts'
import { DeadlockError } from '../ground/errors.ts'
import type { Session } from '../postgres/session.ts'
import { findRing, type NestedWait } from './find-ring.ts'
import type { Place } from './place.ts'

const LOOK_MS = 500
const WAITS = 'select * from fencepost.nested_waits($1)'

interface Watched {
  readonly place: Place
  readonly end: AbortController
  /** The ring it was part of at the last look. */
  ring: string
}

/**
 * Ends waits that would never end: the server knows none of these rings, as nobody waits there for long. Every process looks
 * after its own; of each ring the one that came last gives up, once it has been seen twice, as what is read is never quite of one moment.
 */
export class Deadlocks {
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  /** A signal that aborts as the given one does, and with a `DeadlockError`; until it is disposed of. */
  watch(place: Place, signal: AbortSignal): { signal: AbortSignal } & Disposable {
    const end = new AbortController()
    const watched = { place, end, ring: '' }
    const first = firstOf([signal, end.signal])
    this.#watched.add(watched)
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref()
    return {
      signal: first.signal,
      [Symbol.dispose]: () => {
        first[Symbol.dispose]()
        this.#watched.delete(watched)
        if (this.#watched.size > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      },
    }
  }

  async #look(): Promise<void> {
    const session = [...this.#watched].find(({ place }) => place.ticket !== null)?.place.tickets?.session
    if (session === undefined || this.#isLooking) return
    this.#isLooking = true
    const waits = await readWaits(session).catch(() => [])
    this.#isLooking = false
    for (const watched of this.#watched) judge(watched, waits)
  }
}

async function readWaits(session: Session): Promise<NestedWait[]> {
  const rows = await session.query<NestedWait & { ticket: string }>(WAITS, [session.key], 'nested_waits')
  return rows.map((row) => ({ ...row, ticket: Number(row.ticket) }))
}

function judge(watched: Watched, waits: readonly NestedWait[]): void {
  const { ticket, wish } = watched.place
  const found = ticket === null ? null : findRing(waits, ticket)
  const ring = found === null ? '' : found.map((wait) => wait.ticket).join()
  const isLast = found?.every((wait) => wait.ticket <= (ticket ?? 0)) ?? false
  if (found !== null && isLast && ring === watched.ring) watched.end.abort(new DeadlockError(wish.name, found))
  watched.ring = ring
}
