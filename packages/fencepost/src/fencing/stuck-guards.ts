import type { Session } from '../postgres/session.ts'

const MOST_GATES = 10_000
const LOOKS = 8

interface Look {
  readonly at: number
  /** Since when what was seen has been as it is, by its backend and progress. */
  readonly since: ReadonlyMap<string, number>
}

/**
 * Ends guarded transactions whose client has fallen silent in the middle of a statement (COPY FROM STDIN, a pipeline without its
 * Sync): no limit of the server does, and they would keep the gate, and so the next holder, for ever. A client that goes on
 * sending, however slowly, is left alone.
 */
export class StuckGuards {
  readonly #freezeMs: number
  /** The last at each gate, the latest at the end. Kept from wait to wait: each may be short. */
  readonly #looks = new Map<bigint, Look>()

  /** @param freezeMs how long one may be silent; 0: for ever. */
  constructor(freezeMs: number) {
    this.#freezeMs = freezeMs
  }

  /**
   * Looks who keeps a gate, eight times in `freezeMs` at most, and ends those that have been stuck for so long. For whoever
   * waits there, again and again; it never rejects, as it only helps: the wait itself says what is wrong with the session.
   */
  async look(session: Session, gate: bigint): Promise<void> {
    // Between an answer and a later question the server has seen as much time pass, also if this process was frozen.
    const askedAt = performance.now()
    const before = this.#looks.get(gate)
    if (this.#freezeMs === 0 || (before !== undefined && askedAt - before.at < this.#freezeMs / LOOKS)) return
    this.#remember(gate, { at: askedAt, since: before?.since ?? new Map() })
    try {
      const stuck = await readStuck(session, gate)
      const seenAt = performance.now()
      const since = new Map(stuck.map((one) => [idOf(one), before?.since.get(idOf(one)) ?? seenAt]))
      this.#remember(gate, { at: askedAt, since })
      for (const one of stuck) {
        if (askedAt - (since.get(idOf(one)) ?? askedAt) >= this.#freezeMs) await end(session, gate, one)
      }
    } catch {
      // Cancelled, out of its connection or without the right to look: the next slice tells, or somebody else may.
    }
  }

  #remember(gate: bigint, look: Look): void {
    this.#looks.delete(gate)
    this.#looks.set(gate, look)
    const [oldest] = this.#looks.keys()
    if (oldest !== undefined && this.#looks.size > MOST_GATES) this.#looks.delete(oldest)
  }
}

interface Stuck {
  readonly backend: number
  /** Changes with everything the client sends. */
  readonly progress: string
}

async function readStuck(session: Session, gate: bigint): Promise<Stuck[]> {
  const text = 'select backend, progress from fencepost.stuck_guards($1)'
  return await session.query<Stuck>(text, [gate], 'stuck_guards')
}

function idOf({ backend, progress }: Stuck): string {
  return `${backend} ${progress}`
}

async function end(session: Session, gate: bigint, { backend, progress }: Stuck): Promise<void> {
  await session.query('select fencepost.end_stuck_guard($1, $2, $3)', [gate, backend, progress], 'end_stuck_guard')
}
