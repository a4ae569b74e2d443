import { keysOf } from '../ground/key.ts'
import { isNotYet } from '../line/ask.ts'
import type { Claims } from '../line/claims.ts'
import type { AskedOnce, Granted, Watchtower, Way } from '../line/granted.ts'
import type { Main } from '../sessions/sessions.ts'
import type { Wish } from '../sessions/wish.ts'
import type { NoneFree, Permits, Taken } from './permits.ts'
import { readPermits } from './read-permits.ts'
import type { Said } from './semaphore-options.ts'

/** In between it is told of permits that are given back, not of holders that die. */
const LOOK_MS = 50

/** How whoever stands in the line of a semaphore gets a permit: it tries them all, again when one is given back, or may have been left by the dead. */
export class PermitWay implements Way {
  readonly #permits: Permits
  readonly #said: Said

  constructor(permits: Permits, said: Said) {
    this.#permits = permits
    this.#said = said
  }

  readonly tryOnce: Way['tryOnce'] = async (main, claims, asked) => {
    const taken = await this.#try(main, claims, asked)
    return 'stuck' in taken ? null : taken
  }

  readonly watch: Way['watch'] = async (tower, wish, signal) => {
    const { main, claims, sessions } = tower
    for (;;) {
      const over = new AbortController()
      const end = () => over.abort()
      signal.addEventListener('abort', end, { once: true })
      // From before the try: what changes meanwhile is tried again.
      const changed = claims.change(wish.keys.key, over.signal)
      const timer = this.#permits.hasAll(this.#said.permits) ? undefined : setTimeout(end, LOOK_MS)
      try {
        const taken = await this.#tryAsFirst(tower, wish, signal)
        if (!('stuck' in taken)) return taken
        for (const gate of taken.stuck) void sessions.stuckGuards.look(main.session, gate)
        await changed
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        end()
      }
    }
  }

  readonly look: Way['look'] = (session, _wish, ticket) => {
    const { name, namespace } = this.#permits
    return readPermits(session, { name, namespace, ticket })
  }

  /** A statement that was cancelled from outside says nothing. */
  async #tryAsFirst({ main, claims }: Watchtower, wish: Wish, signal: AbortSignal): Promise<Granted | NoneFree> {
    try {
      return await this.#try(main, claims, { wish, signal, line: null })
    } catch (error) {
      if (signal.aborted || !isNotYet(main.session, error)) throw error
      return { stuck: [] }
    }
  }

  async #try(main: Main, claims: Claims, { wish, line, signal }: AskedOnce): Promise<Granted | NoneFree> {
    signal.throwIfAborted()
    const { permits, replaces } = this.#said
    const taken = await this.#permits.take({ main, permits, replaces, isFirst: line === null, signal })
    if ('stuck' in taken) {
      signal.throwIfAborted()
      return taken
    }
    const granted = this.#grantedBy(main, claims, { wish, taken })
    if (!signal.aborted) return granted
    await granted.taker.release(granted.wish.keys, granted.grant.token)
    granted.leave()
    throw signal.reason
  }

  #grantedBy(main: Main, claims: Claims, { wish, taken }: { wish: Wish; taken: Taken }): Granted {
    const { session, descriptions, takers } = main
    const { number, grant, served } = taken
    const name = `${wish.name}#${number}`
    const keys = keysOf(name, wish.namespace)
    const giveBack = claims.add(keys.key, 'exclusive')
    const release: Granted['taker']['release'] = async (released, token) => {
      await takers.exclusive.release(released, token)
      void this.#permits.callFirst(main, served)
    }
    const leave = () => {
      this.#permits.leave(number)
      giveBack()
      claims.tell(wish.keys.key)
    }
    return { session, descriptions, taker: { release }, wish: { ...wish, name, keys }, grant, lane: null, leave }
  }
}
