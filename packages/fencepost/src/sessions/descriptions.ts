import type { Session } from '../postgres/session.ts'
import { Batch } from './batch.ts'
import type { Summons } from './summons.ts'
import type { Wish } from './wish.ts'
import { untilDone } from './until-done.ts'

/** One lock that is held; a session may hold a name several times over, shared. */
export interface Described {
  readonly holding: number
  readonly wish: Wish
  readonly heldMs: number
}

const DESCRIBE = 'select fencepost.describe($1, $2, $3, $4, $5, $6, $7)'
const UNDESCRIBE = 'select fencepost.undescribe($1, $2, $3)'

/**
 * What a session holds, by name, written down for others to read. Together, as each statement costs the server more the more locks its
 * session holds. Never rejects: who is told nothing still sees that it is held. What can be read can be asked for, so it is heard from then on.
 */
export class Descriptions {
  readonly #session: Session
  readonly #summons: Summons
  readonly #describe = new Batch((held: readonly Described[]) => this.#writeDown(held))
  readonly #undescribe = new Batch((held: readonly Described[]) => this.#takeBack(held))

  constructor(session: Session, summons: Summons) {
    this.#session = session
    this.#summons = summons
  }

  async describe(held: Described): Promise<void> {
    this.#summons.listen()
    await this.#describe.ask(held).catch(() => {})
  }

  async undescribe(held: Described): Promise<void> {
    // A row that stays would be believed as soon as this session holds the name again.
    await untilDone(this.#session, () => this.#undescribe.ask(held))
  }

  async #writeDown(held: readonly Described[]): Promise<true[]> {
    const values = [
      this.#session.key,
      ...keysOf(held),
      held.map(({ wish }) => wish.namespace),
      held.map(({ wish }) => wish.name),
      held.map(({ wish }) => wish.scope),
      held.map(({ heldMs }) => heldMs),
    ]
    await this.#session.query(DESCRIBE, values, 'describe')
    return held.map(() => true)
  }

  async #takeBack(held: readonly Described[]): Promise<true[]> {
    await this.#session.query(UNDESCRIBE, [this.#session.key, ...keysOf(held)], 'undescribe')
    return held.map(() => true)
  }
}

function keysOf(held: readonly Described[]): [bigint[], number[]] {
  return [held.map(({ wish }) => wish.keys.key), held.map(({ holding }) => holding)]
}
