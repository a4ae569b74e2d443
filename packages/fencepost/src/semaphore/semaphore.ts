import { firstOf } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { DeadlockError, LockTimeoutError } from '../ground/errors.ts'
import type { Lock } from '../locks/lock.ts'
import { optionsAndWork, type Work } from '../locks/lock-options.ts'
import type { Asked, Locks } from '../locks/locks.ts'
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
    const [options, work] = optionsAndWork(rest)
    const { signal, ...asked } = parsePermitOptions(options, ['wait', 'signal', 'onWait'])
    const permits = this.#permits()
    if (Scope.countHolding(this.#parts.locks, permits.keys.line) >= this.permits) {
      throw new DeadlockError(this.name, [], SELF_WAIT)
    }
    const take = (place: Asked) => this.#parts.locks.acquire(this.name, { ...asked, ...place })
    return await this.#run(permits, { signal, take, work })
  }

  /**
   * Takes a permit if one is free at once and nobody waits; null means busy and nothing else. With `work`, which then runs only if one
   * was free, gives it back afterwards. Throws what `acquire` throws but for the timeout and the deadlock.
   */
  tryAcquire(options?: TryPermitOptions): Promise<Permit | null>
  tryAcquire<T>(work: Work<Permit, T>): Promise<T | null>
  tryAcquire<T>(options: TryPermitOptions, work: Work<Permit, T>): Promise<T | null>
  async tryAcquire<T>(...rest: [(TryPermitOptions | Work<Permit, T>)?, Work<Permit, T>?]): Promise<Permit | T | null> {
    const [options, work] = optionsAndWork(rest)
    const { signal } = parsePermitOptions(options, ['signal'])
    const take = (place: Asked) => this.#parts.locks.tryAcquire(this.name, place)
    return await this.#run(this.#permits(), { signal, take, work })
  }

  /** Who holds permits, first the one that has held longest; empty if nobody does. */
  async who(): Promise<PermitHolder[]> {
    const { sessions, namespace } = this.#parts
    const asked = { name: this.name, namespace, ticket: null }
    return (await sessions.ask((session) => readPermits(session, asked))).holders
  }

  async #run<L extends Lock | null, T>(
    permits: Permits,
    { signal, take, work }: Run<L, T>,
  ): Promise<Permit | T | (L & null)> {
    const { locks, closing } = this.#parts
    using until = firstOf([closing, signal])
    using _ = permits.use()
    const scope = work === undefined ? undefined : new Scope()
    const other = { way: new PermitWay(permits, this.#said), keys: permits.keys }
    const namespace = permits.lockNamespace
    const lock: Lock | null = await take({ mode: 'exclusive', namespace, scope, other, signal: until.signal }).catch(
      (error: unknown) => {
        throw this.#describe(error)
      },
    )
    if (lock === null) return null as L & null
    const permit = new Permit(this.name, lock)
    if (work === undefined || scope === undefined) return permit
    return await scope.run({ owner: locks, keys: [permits.keys.line], held: lock }, () => work(permit))
  }

  #describe(error: unknown): unknown {
    if (error instanceof LockTimeoutError) return new PermitTimeoutError(this.name, this.permits, error)
    const said = serverErrorOf(error)
    if (said?.code !== DIFFER) return error
    return new PermitsDifferError(this.name, this.permits, { stands: Number(said.detail), cause: asError(error) })
  }
}

/** How a permit is taken, and what it is held for. */
interface Run<L extends Lock | null, T> {
  readonly signal: AbortSignal | undefined
  readonly take: (place: Asked) => Promise<L>
  readonly work: Work<Permit, T> | undefined
}
