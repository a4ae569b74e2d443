import { join } from 'node:path'
import type { Contender } from '../contenders/contender.ts'
import type { Player } from '../history/event.ts'
import type { Keeper } from '../processes/keeper.ts'
import type { Stand } from '../servers/stand.ts'
import { Actor } from './actor.ts'

export interface CrewOptions {
  readonly contender: Contender
  /** As its processes load it: a name of ours, or a path. */
  readonly source: string
  readonly stand: Stand
  readonly keeper: Keeper
  readonly peers: string
  /** How many rounds are played side by side. */
  readonly pairs: number
}

/** The processes of a contender; one that has died is replaced by another. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions
  readonly #actors = new Map<string, Actor>()

  constructor(options: CrewOptions) {
    this.#options = options
  }

  get stand(): Stand {
    return this.#options.stand
  }

  /** A and B of so many rounds. */
  async muster(count: number): Promise<(readonly [holder: Actor, other: Actor])[]> {
    const places = Array.from({ length: count }, async (_, index) =>
      Promise.all([this.#actor('A', index), this.#actor('B', index)]),
    )
    return await Promise.all(places)
  }

  /** Where a file may be made for this round. */
  flag(invoice: number): string {
    return join(this.#options.keeper.folder, `go-on-${invoice}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#actors.values()].map((actor) => actor.kill()))
  }

  async #actor(player: Player, index: number): Promise<Actor> {
    const application = `lab-${player}${index}`
    const known = this.#actors.get(application)
    if (known !== undefined && !known.hasEnded) return known
    const { contender, source, stand, keeper, peers } = this.#options
    const isCut = player === 'A' && stand.road !== undefined
    const endpoints = isCut ? stand.endpointsOfHolder : stand.endpoints
    const assignment = { contender: source, endpoints, application, player, peers }
    const actor = await Actor.start(assignment, keeper, isCut ? stand.road?.inside : []).catch((error: unknown) => {
      throw new Error(`${contender.name} cannot be opened: ${(error as Error).message}`, { cause: error })
    })
    this.#actors.set(application, actor)
    return actor
  }
}
