import type { AcquiredEvent, LostEvent, OfHeld, RefusedEvent, ReleasedEvent } from '../events/lock-events.ts'

/** One entry as it is sent: its times are told by how long ago they were, as only the server's clock counts. */
export interface Told extends OfHeld {
  readonly what: 'holding' | 'refused'
  readonly holding: number | null
  readonly beganAgoMs: number
  readonly endedAgoMs: number | null
  readonly ending: 'released' | 'lost' | null
  readonly cause: string | null
}

interface Entry extends OfHeld {
  readonly what: Told['what']
  readonly holding: number | null
  readonly beganAt: number
  endedAt: number | null
  ending: Told['ending']
  cause: string | null
}

const MOST = 10_000

/** What is to be written down and is not yet. What begins and ends in between is one entry. */
export class Journal {
  readonly #pending = new Set<Entry>()
  /** Those that have not ended, written down or not. Shared holders of one process have one token between them. */
  readonly #open = new Map<string, Entry[]>()
  #holdings = 0

  get size(): number {
    return this.#pending.size
  }

  /** Whether something is held that was noted when it began. */
  get hasOpen(): boolean {
    return this.#open.size > 0
  }

  isOpen(event: OfHeld): boolean {
    return this.#open.has(nameOf(event))
  }

  acquired(event: AcquiredEvent): void {
    const entry = this.#begin(event, performance.now())
    this.#open.set(nameOf(event), [...(this.#open.get(nameOf(event)) ?? []), entry])
    this.#add(entry)
  }

  ended(event: ReleasedEvent | LostEvent, ending: 'released' | 'lost'): void {
    const now = performance.now()
    const entry = this.#takeOpen(event, now - event.heldMs) ?? this.#begin(event, now - event.heldMs)
    entry.endedAt = now
    entry.ending = ending
    entry.cause = 'cause' in event ? causeOf(event.cause) : null
    this.#add(entry)
  }

  refused(event: RefusedEvent): void {
    const now = performance.now()
    const { cause } = event
    this.#add({
      ...ofHeld(event),
      what: 'refused',
      holding: null,
      beganAt: now,
      endedAt: now,
      ending: null,
      cause: cause.message,
    })
  }

  /** So many, the oldest first, to be written down now; `putBack` if that fails. */
  take(most: number): Entry[] {
    const taken = [...this.#pending].slice(0, most)
    for (const entry of taken) this.#pending.delete(entry)
    return taken
  }

  putBack(entries: readonly Entry[]): void {
    const later = [...this.#pending]
    this.#pending.clear()
    for (const entry of [...entries, ...later]) this.#add(entry)
  }

  /** Nothing is to be written down any more. */
  clear(): void {
    this.#pending.clear()
    this.#open.clear()
  }

  #begin(event: OfHeld, beganAt: number): Entry {
    const holding = ++this.#holdings
    return { ...ofHeld(event), what: 'holding', holding, beganAt, endedAt: null, ending: null, cause: null }
  }

  /** That of this holding, or of one like it that began about then. */
  #takeOpen(event: OfHeld, beganAt: number): Entry | undefined {
    const name = nameOf(event)
    const open = this.#open.get(name) ?? []
    const [nearest, ...others] = open.toSorted(
      (one, other) => Math.abs(one.beganAt - beganAt) - Math.abs(other.beganAt - beganAt),
    )
    if (others.length === 0) this.#open.delete(name)
    else this.#open.set(name, others)
    return nearest
  }

  /** While the database is away for long, the oldest are given up. */
  #add(entry: Entry): void {
    this.#pending.add(entry)
    if (this.#pending.size <= MOST) return
    for (const oldest of this.#pending) {
      this.#pending.delete(oldest)
      return
    }
  }
}

/** As the server is told. */
export function toldOf(entries: readonly Entry[]): Told[] {
  const now = performance.now()
  return entries.map(({ beganAt, endedAt, ...entry }) => ({
    ...entry,
    beganAgoMs: now - beganAt,
    endedAgoMs: endedAt === null ? null : now - endedAt,
  }))
}

function ofHeld({ name, namespace, mode, token }: OfHeld): OfHeld {
  return { name, namespace, mode, token }
}

function nameOf({ name, namespace, token }: OfHeld): string {
  return `${namespace}:${name}:${token}`
}

/** What ended it, which the error it was told with has as its cause. */
function causeOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message
}
