import { setMaxListeners } from 'node:events'
import { Events } from './events/events.ts'
import { type EvictCall, evictCall } from './eviction/evict-call.ts'
import type { LockEvents } from './events/lock-events.ts'
import {
  type ProtectCall,
  protectCalls,
  type ProtectedTablesCall,
  type UnprotectCall,
  type ViolationsCall,
} from './fencing/protect-calls.ts'
import { ClosedError } from './ground/errors.ts'
import { type Carrier, Verifier, type VerifierOptions } from './fences/verifier.ts'
import { History } from './history/history.ts'
import { Recorder } from './history/recorder.ts'
import { Jobs } from './jobs/jobs.ts'
import { LockCalls } from './calls/lock-calls.ts'
import { Locks } from './locks/locks.ts'
import { electionCalls, type LeadCall, type ObserveCall } from './election/election-calls.ts'
import { type MigrateOnceCall, migrateOnceCall } from './migrations/migrate-once.ts'
import { type OnceCall, onceCalls, type ReconcileCall } from './once/once-calls.ts'
import { type CronCall, cronCalls } from './schedule/cron-calls.ts'
import type { Schedules } from './schedule/schedules.ts'
import { type SemaphoreCall, semaphoreCall } from './semaphore/semaphore-calls.ts'
import { type SingleCall, singleCall } from './single/single-calls.ts'
import { type EnqueueCall, enqueueCalls, type EnqueueManyCall } from './queue/enqueue-calls.ts'
import { type EnqueueFlowCall, enqueueFlowCall } from './queue/flow.ts'
import { type LockInTransactionCall, type TransactionCall, transactionCalls } from './transactions/transaction-calls.ts'
import { Sessions } from './sessions/sessions.ts'
import { type FencepostOptions, parseOptions, type Settings } from './options.ts'
import { type WorkerCall, workerCalls } from './workers/worker-calls.ts'
import { WebLocks } from './weblocks/web-locks.ts'
import { schemaEnsurer } from './installation/ensure-schema.ts'
import { migrate, type MigrateOptions, type MigrationReport } from './installation/migrate.ts'
import { type Origin, resolveTarget, type Target } from './postgres/target.ts'

/**
 * Locks in a PostgreSQL database. Connects at the first use and keeps one connection while it is used, a few more
 * while it waits; an instance that holds nothing does not keep the process alive.
 *
 * @param target a `postgres://` URL, a `pg.Pool` (never closed, no lock is held on it), or a pool config.
 * @throws {TypeError} for a target or an option that cannot be right.
 */
export function fencepost(target: Target | undefined, options: FencepostOptions = {}): Fencepost {
  const settings = parseOptions(options)
  return new Fencepost(resolveTarget(target, settings.freezeMs), settings)
}

export class Fencepost extends LockCalls implements AsyncDisposable {
  /** The Web Locks API, as `navigator.locks` has it, across machines. */
  readonly locks: WebLocks
  /** Waits for locks, then runs a guarded transaction, again where the server gives it up. */
  readonly transaction: TransactionCall
  /** Takes a lock inside a transaction of yours. */
  readonly lockInTransaction: LockInTransactionCall
  /** Takes a lock away from its holder. */
  readonly evict: EvictCall
  /** Runs a function while this process leads, one at a time among all. */
  readonly lead: LeadCall
  /** Tells who leads, and who follows. */
  readonly observe: ObserveCall
  /** Runs a function once per key, or flags it uncertain. */
  readonly once: OnceCall
  /** Runs a migration in one replica after the other, or once per version. */
  readonly migrateOnce: MigrateOnceCall
  /** Lists what `once` has left uncertain, and settles it. */
  readonly reconcile: ReconcileCall
  /** Runs a function at each tick of a cron expression, once among all processes. */
  readonly cron: CronCall
  /** Looks at schedules, and pauses, resumes and runs them. */
  readonly schedules: Schedules
  /** Has one caller compute what the others get too. */
  readonly single: SingleCall
  /** So many permits, for all processes together. */
  readonly semaphore: SemaphoreCall
  /** Looks at jobs, and pauses, retries, cancels and redrives them. */
  readonly jobs: Jobs
  /** Has written down what becomes of locks, and reads it. */
  readonly history: History
  /** Enqueues a job, in a transaction of yours or alone. */
  readonly enqueue: EnqueueCall
  /** Enqueues several jobs of one kind. */
  readonly enqueueMany: EnqueueManyCall
  /** Runs jobs. */
  readonly worker: WorkerCall
  /** Enqueues a job together with those that have to be done before it. */
  readonly enqueueFlow: EnqueueFlowCall
  /** Has a table refuse writes without a live token, from any program. */
  readonly protect: ProtectCall
  /** Takes that off again. */
  readonly unprotect: UnprotectCall
  /** Lists what is protected, and what of it can be written all the same. */
  readonly protectedTables: ProtectedTablesCall
  /** Lists what tables in mode `'report'` would have refused. */
  readonly violations: ViolationsCall
  readonly #origin: Origin
  readonly #settings: Settings
  readonly #sessions: Sessions
  readonly #locks: Locks
  readonly #events: Events
  readonly #recorder: Recorder
  readonly #closing: AbortController
  readonly #stopWorkers: () => Promise<void>
  readonly #stopSchedules: () => Promise<void>
  #closed: Promise<void> | undefined

  /** Use `fencepost()`. */
  constructor(origin: Origin, settings: Settings) {
    const { schema, namespace, freezeMs, application, maxConnections, maxLocks } = settings
    const [events, closing] = [new Events(), new AbortController()]
    // Every call that waits listens.
    setMaxListeners(0, closing.signal)
    const ready = schemaEnsurer(schema, settings.migrate)
    const { config, where } = origin
    const place = { origin, config, where, schema, namespace, application, freezeMs, ready }
    const sessions = new Sessions({ ...place, maxConnections })
    const locks = new Locks({ ...place, sessions, maxLocks, events })
    super(locks, closing.signal)
    this.#origin = origin
    this.#settings = settings
    this.#sessions = sessions
    this.#locks = locks
    this.#events = events
    this.#recorder = new Recorder({ ...place, sessions, events })
    this.#closing = closing
    const main = async () => (await sessions.main()).session
    const parts = { ...place, locks, sessions, main, closing: closing.signal }
    ;({ transaction: this.transaction, lockInTransaction: this.lockInTransaction } = transactionCalls(parts))
    this.evict = evictCall(parts)
    ;({ lead: this.lead, observe: this.observe } = electionCalls(parts))
    ;({ once: this.once, reconcile: this.reconcile } = onceCalls(parts))
    this.single = singleCall(parts)
    this.semaphore = semaphoreCall(parts)
    this.migrateOnce = migrateOnceCall(parts)
    ;({ enqueue: this.enqueue, enqueueMany: this.enqueueMany } = enqueueCalls(parts))
    this.enqueueFlow = enqueueFlowCall(parts)
    this.jobs = new Jobs(parts)
    ;({ cron: this.cron, schedules: this.schedules, stop: this.#stopSchedules } = cronCalls(parts))
    ;({ worker: this.worker, stop: this.#stopWorkers } = workerCalls(place, closing.signal))
    const onPool = { ...parts, ready: () => this.#ready() }
    this.history = new History(onPool)
    const tables = protectCalls(onPool)
    ;({ protect: this.protect, unprotect: this.unprotect, violations: this.violations } = tables)
    this.protectedTables = tables.protectedTables
    this.locks = new WebLocks({ ...parts, session: main })
  }

  /**
   * Calls `listener` at each event of this instance, in the middle of what it tells of, until the subscription is disposed
   * of. What it throws becomes an uncaught exception and breaks no lock. The same events of the whole process are published
   * on `node:diagnostics_channel`, as `fencepost:<event>`.
   *
   * @throws {TypeError} for an event that does not exist.
   */
  on<E extends keyof LockEvents>(event: E, listener: (event: LockEvents[E]) => void): Disposable {
    return this.#events.on(event, listener)
  }

  /**
   * Checks the fences of HTTP requests on the side that receives them: `fence.header(lock)` sends them along, and once a newer
   * token has been seen for a resource, an older one is refused.
   */
  verifier<Request extends Carrier = Carrier>(options: VerifierOptions<Request> = {}): Verifier<Request> {
    const { schema, namespace } = this.#settings
    return new Verifier({ origin: this.#origin, schema, namespace, ready: () => this.#ready() }, options)
  }

  async #ready(): Promise<void> {
    this.#closing.signal.throwIfAborted()
    await this.#sessions.main()
  }

  /** Brings the schema up to date, whatever `migrate` says. Does nothing where it is. */
  async migrate(options: MigrateOptions = {}): Promise<MigrationReport> {
    this.#closing.signal.throwIfAborted()
    return await migrate(this.#origin, this.#settings.schema, options)
  }

  /** Ends all waits with a `ClosedError`, releases what is held and closes our connections, never the user's pool. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // While their jobs and ticks can still lock, enqueue and write.
    await Promise.all([this.#stopWorkers(), this.#stopSchedules()])
    this.#closing.abort(new ClosedError())
    await this.#locks.releaseAll()
    await this.#recorder.close()
    await this.#sessions.close()
    await this.#origin.closePool()
  }
}
