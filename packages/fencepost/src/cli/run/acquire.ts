import { hostname } from 'node:os'
import { type Duration, type Fencepost, type Holder, type Lock, type Permit, PermitsDifferError } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'

const EVERY_MS = 10_000

export interface AcquireOptions {
  readonly name: string
  readonly namespace: string
  readonly shared: boolean
  /** Null: the lock of the name, no semaphore. */
  readonly permits: { readonly number: number; readonly replaces: number | undefined } | null
  /** Undefined: for as long as it takes. False: not at all. */
  readonly wait: Duration | false | undefined
  readonly quiet: boolean
}

interface WaitOptions {
  readonly signal: AbortSignal
  readonly wait?: Duration
  readonly onWait: () => void
}

/** A lock, or a permit of a semaphore. */
interface Wanted {
  /** As the line has it. */
  readonly name: string
  readonly namespace: string
  /** For people. */
  readonly title: string
  readonly busy: string
  readonly who: () => Promise<readonly Holder[]>
  readonly tryOnce: (signal: AbortSignal) => Promise<Lock | Permit | null>
  readonly acquire: (options: WaitOptions) => Promise<Lock | Permit>
}

/**
 * Waits for a lock or a permit, and says for whom.
 *
 * @throws {CommandError} with exit code 75 if it is busy and not to be waited for.
 * @throws what `lock` and `Semaphore.acquire` throw.
 */
export async function acquire(fp: Fencepost, options: AcquireOptions, signal: AbortSignal): Promise<Lock | Permit> {
  const { wait, quiet, permits } = options
  const wanted = permits === null ? lockOf(fp, options) : permitOf(fp, options, permits)
  if (wait === false) {
    const held = await wanted.tryOnce(signal)
    if (held !== null) return held
    throw new CommandError(`${wanted.busy}: ${describeHolders(await wanted.who())}`, ExitCode.busy)
  }
  using waiting = new Waiting(fp, wanted)
  const onWait = () => void (!quiet && waiting.begin())
  return await wanted.acquire({ signal, onWait, ...(wait && { wait }) })
}

function lockOf(fp: Fencepost, { name, namespace, shared }: AcquireOptions): Wanted {
  return {
    name,
    namespace,
    title: `"${name}"`,
    busy: `lock "${name}" is busy`,
    who: () => fp.who(name),
    tryOnce: (signal) => fp.tryLock(name, { shared, signal }),
    acquire: (options) => fp.lock(name, { shared, ...options }),
  }
}

type Permits = NonNullable<AcquireOptions['permits']>

function permitOf(fp: Fencepost, { name, namespace }: AcquireOptions, { number, replaces }: Permits): Wanted {
  const semaphore = fp.semaphore(name, number, { ...(replaces !== undefined && { replaces }) })
  return {
    name,
    namespace: `${namespace}/semaphore`,
    title: `a permit of "${name}", of which there are ${number}`,
    busy: `none of the ${number} permits of "${name}" is free`,
    who: () => semaphore.who(),
    tryOnce: (signal) => semaphore.tryAcquire({ signal }).catch(explain),
    acquire: (options) => semaphore.acquire(options).catch(explain),
  }
}

/** What to do where nobody calls anything. */
function explain(error: unknown): never {
  if (!(error instanceof PermitsDifferError)) throw error
  throw new CommandError(`${error.message}; here: --replaces ${error.stands}`, ExitCode.unusable, { cause: error })
}

/** Says who holds what is waited for: as soon as it is begun, and then every 10 s until it is disposed of. */
class Waiting implements Disposable {
  readonly #fp: Fencepost
  readonly #for: Wanted
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(fp: Fencepost, wanted: Wanted) {
    this.#fp = fp
    this.#for = wanted
  }

  begin(): void {
    if (this.#isOver) return
    this.#timer = setInterval(() => void this.#tell(), EVERY_MS).unref()
    void this.#tell()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  async #tell(): Promise<void> {
    const text = await this.#look().catch((error: Error) => `the server could not be asked: ${error.message}`)
    if (!this.#isOver) say(`waits for ${this.#for.title}: ${text}`)
  }

  async #look(): Promise<string> {
    const { name, namespace, who } = this.#for
    const [holders, { pending }] = await Promise.all([who(), this.#fp.locks.query()])
    const [host, { pid }] = [hostname(), process]
    const own = pending.find(
      (lock) => lock.name === name && lock.namespace === namespace && lock.host === host && lock.process === pid,
    )
    return `${describeHolders(holders)}${own === undefined ? '' : `; position ${own.position} in line`}`
  }
}

/** For people: who, where, and for how long. */
function describeHolders([holder, ...others]: readonly Holder[]): string {
  if (holder === undefined) return 'nobody holds it just now'
  const { application, host, process: pid, backend, acquiredAt } = holder
  const place = host === null ? `backend ${backend ?? 'of a prepared transaction'}` : `pid ${pid}`
  const since = acquiredAt === null ? '' : ` since ${acquiredAt.toISOString().replace(/\.\d+/, '')}`
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `held by ${application || 'an unnamed application'}${host === null ? '' : `@${host}`} ${place}${since}${more}`
}
