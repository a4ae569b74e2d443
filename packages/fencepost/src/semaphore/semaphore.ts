import { firstOf } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { DeadlockError, LockTimeoutError } from '../ground/errors.ts'
import type { Lock } from '../locks/lock.ts'
import { optionsAndWork, type Work } from '../locks/lock-options.ts'
import type { Asked } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import { Permit } from './permit.ts'
import { PermitWay } from './permit-way.ts'
import type { Permits } from './permits.ts'
import { type PermitHolder, readPermits } from './read-permits.ts'
import { PermitsDifferError, PermitTimeoutError } from './semaphore-errors.ts'
import { parsePermitOptions, type PermitOptions, type Said, type TryPermitOptions } from './semaphore-options.ts'

export interface SemaphoreParts {
  readonly locks: Locks
  readonly sessions: Sessions
  readonly namespace: string
  readonly closing: AbortSignal
}

const DIFFER = 'LK010'
const SELF_WAIT = 'the callbacks around this call hold all permits; ask for one before them, or allow more'

/**
 * So many permits, for all processes together; who finds none waits in one line.
 *
 *     in line ──first──▶ tries all numbers ──one is free──▶ a lock on that number ──released, lost──▶ the first of the line tries
 */
export class Semaphore {
  readonly name: string
  readonly permits: number
  readonly #said: Said
  readonly #parts: SemaphoreParts
  readonly #permits: () => Permits

  /** Use `fp.semaphore(name, permits)`. */
  constructor(said: Said, parts: SemaphoreParts, permits: () => Permits) {
    this.name = said.name
    this.permits = said.permits
    this.#said = said
    this.#parts = parts
    this.#permits = permits
  }

  /**
   * Waits for a permit, first come first served among all processes, for as long as `wait` says. With `work`, gives the permit back when
   * `work` is done and returns what it returned; watch `permit.signal` in it.
   *
   * @throws {PermitTimeoutError} after `wait`.
   * @throws {PermitsDifferError} if those who use the semaphore now say another number of permits.
   * @throws {DeadlockError} if the callbacks around the call hold all permits.
   * @throws the signal's reason once it aborts. In all these cases nothing is held and nothing is granted later.
   * @throws what `lock` throws besides.
   */
  acquire(options?: PermitOptions): Promise<Permit>
  acquire<T>(work: Work<Permit, T>): Promise<T>
  acquire<T>(options: PermitOptions, work: Work<Permit, T>): Promise<T>
  async acquire<T>(...rest: [(PermitOptions | Work<Permit, T>)?, Work<Permit, T>?]): Promise<Permit | T> {
    const [options, work] = optionsAndPermitWork(rest)
    const { signal, ...asked } = parsePermitOptions(options, ['wait', 'signal', 'onWait'])
    const { locks } = this.#parts
    const permits = this.#permits()
    if (Scope.countHolding(locks, permits.keys.line) >= this.permits) throw new DeadlockError(this.name, [], SELF_WAIT)
    const scope = work && new Scope()
    const take = (place: Asked) => locks.acquire(this.name, { ...asked, ...place })
    const held = await this.#take(take, { permits, scope, signal })
    return work === undefined || scope === undefined
      ? new Permit(this.name, held)
      : await this.#run(scope, { permits, held, work })
  }

  /**
   * Takes a permit if one is free at once and nobody waits; null means busy and nothing else. With `work`, which then runs only if one
   * was free, gives it back afterwards. Throws what `acquire` throws but for the timeout and the deadlock.
   */
  tryAcquire(options?: TryPermitOptions): Promise<Permit | null>
  tryAcquire<T>(work: Work<Permit, T>): Promise<T | null>
  tryAcquire<T>(options: TryPermitOptions, work: Work<Permit, T>): Promise<T | null>
  async tryAcquire<T>(...rest: [(TryPermitOptions | Work<Permit, T>)?, Work<Permit, T>?]): Promise<Permit | T | null> {
    const [options, work] = optionsAndPermitWork(rest)
    const { signal } = parsePermitOptions(options, ['signal'])
    const permits = this.#permits()
    const scope = work && new Scope()
    const take = (place: Asked) => this.#parts.locks.tryAcquire(this.name, place)
    const held = await this.#take(take, { permits, scope, signal })
    if (held === null) return null
    return work === undefined || scope === undefined
      ? new Permit(this.name, held)
      : await this.#run(scope, { permits, held, work })
  }

  /** Who holds permits, first the one that has held longest; empty if nobody does. */
  async who(): Promise<PermitHolder[]> {
    const { sessions, namespace } = this.#parts
    const asked = { name: this.name, namespace, ticket: null }
    return (await sessions.ask((session) => readPermits(session, asked))).holders
  }

  async #take<L>(take: (place: Asked) => Promise<L>, { permits, scope, signal }: Wanted): Promise<L> {
    using until = firstOf([this.#parts.closing, signal])
    using _used = permits.use()
    const other = { way: new PermitWay(permits, this.#said), keys: permits.keys }
    const place = { mode: 'exclusive', namespace: permits.lockNamespace, scope, other, signal: until.signal } as const
    try {
      return await take(place)
    } catch (error) {
      throw this.#describe(error)
    }
  }

  async #run<T>(scope: Scope, { permits, held, work }: Running<T>): Promise<T> {
    const taken = { owner: this.#parts.locks, keys: [permits.keys.line], held }
    return await scope.run(taken, async () => await work(new Permit(this.name, held)))
  }

  #describe(error: unknown): unknown {
    if (error instanceof LockTimeoutError) return new PermitTimeoutError(this.name, this.permits, error)
    const said = serverErrorOf(error)
    if (said?.code !== DIFFER) return error
    return new PermitsDifferError(this.name, this.permits, { stands: Number(said.detail), cause: asError(error) })
  }
}

interface Wanted {
  readonly permits: Permits
  readonly scope: Scope | undefined
  readonly signal: AbortSignal | undefined
}

interface Running<T> {
  readonly permits: Permits
  readonly held: Lock
  readonly work: Work<Permit, T>
}

function optionsAndPermitWork<O extends object, T>(rest: [(O | Work<Permit, T>)?, Work<Permit, T>?]) {
  const [options, work] = optionsAndWork(rest)
  if (work !== undefined && typeof work !== 'function')
    throw new TypeError(`a permit is held for a function; got ${typeof work}`)
  return [options, work] as const
}
