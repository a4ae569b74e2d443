import { ToldAgain } from '../calls/told-again.ts'
import { firstOf } from '../ground/abort.ts'
import { type Lockable, nameOf } from '../ground/foreign-key.ts'
import type { Lock } from '../locks/lock.ts'
import { optionsAndWork } from '../locks/lock-options.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import { Once } from '../once/once.ts'
import { OnceKeys, type OnceKeysOptions } from '../once/once-keys.ts'
import { type AskedToMigrate, type MigrateOnceOptions, parseMigrateOnce } from './migrate-once-options.ts'

/** What came of it: what the function returned, or that it was through for this version before. */
export type Migrated<T> = { readonly ran: true; readonly result: T } | { readonly ran: false }

export type MigrationWork<T> = (lock: Lock) => Promise<T> | T

/**
 * Runs a migration in one replica after the other, however many start together; with `version` in one of them only. Nobody who
 * waits holds a snapshot, so `create index concurrently` in it is left alone; a replica that dies in the middle lets the next go on.
 * The function must be one that may be run again: those of migration tools are, as they note what they have done.
 *
 * @throws what the function throws; then the next one runs it.
 * @throws {LockTimeoutError} after `wait`, naming who migrates.
 * @throws {LockLostError} if the lock was lost before the function was through: it is not taken to be done.
 * @throws what `lock` throws.
 */
export interface MigrateOnceCall {
  <T>(work: MigrationWork<T>): Promise<Migrated<T>>
  <T>(options: MigrateOnceOptions, work: MigrationWork<T>): Promise<Migrated<T>>
}

interface Parts {
  readonly locks: Locks
  readonly keys: OnceKeys
  readonly once: Once
}

/** `fp.migrateOnce`. */
export function migrateOnceCall(options: OnceKeysOptions): MigrateOnceCall {
  // Of their own: a key of fp.once may be called the same.
  const keys = new OnceKeys({ ...options, namespace: `${options.namespace}/migrate` })
  const parts = { locks: options.locks, keys, once: new Once(keys) }
  return async <T>(...rest: [MigrateOnceOptions | MigrationWork<T>, MigrationWork<T>?]) => {
    const [asked, work] = optionsAndWork(rest)
    const parsed = parseMigrateOnce(asked)
    if (typeof work !== 'function') throw new TypeError('migrateOnce() needs a function to run, as its last argument')
    return await migrateOnce(parts, parsed, work)
  }
}

async function migrateOnce<T>(parts: Parts, asked: AskedToMigrate, work: MigrationWork<T>): Promise<Migrated<T>> {
  const { locks, keys } = parts
  const { key } = asked
  using until = firstOf([keys.closing, asked.signal])
  until.signal.throwIfAborted()
  // Whose version is there already waits for nobody.
  if (key !== null && (await keys.look(key))?.state === 'done') return { ran: false }

  const turn = new Turn(locks, asked, until.signal)
  const scope = new Scope()
  const held = await turn.take(asked.name, scope)
  return await scope.run({ owner: locks, keys: [locks.keyOf(asked.name)], held }, async (lock) => {
    await using _ = await turn.exclude()
    return key === null ? { ran: true, result: await run(lock, work) } : await runOnce(parts, key, { lock, work })
  })
}

/** Under the lock nobody else is at the key, so what is not done there was begun by somebody who is gone. */
async function runOnce<T>(
  { once }: Parts,
  key: string,
  { lock, work }: { lock: Lock; work: MigrationWork<T> },
): Promise<Migrated<T>> {
  let migrated: Migrated<T> = { ran: false }
  const runAndNote = async () => {
    migrated = { ran: true, result: await run(lock, work) }
  }
  await once.call(key, [{ onFailed: 'retry', onUncertain: 'retry', signal: lock.signal }, runAndNote])
  return migrated
}

async function run<T>(lock: Lock, work: MigrationWork<T>): Promise<T> {
  const result = await work(lock)
  // Somebody else may have run it meanwhile.
  lock.signal.throwIfAborted()
  return result
}

/** What is waited for before it is one's turn, all of it together for as long as `wait` says. */
class Turn {
  readonly #locks: Locks
  readonly #asked: AskedToMigrate
  readonly #signal: AbortSignal
  readonly #startedAt = performance.now()

  constructor(locks: Locks, asked: AskedToMigrate, signal: AbortSignal) {
    this.#locks = locks
    this.#asked = asked
    this.#signal = signal
  }

  async take(lockable: Lockable, scope?: Scope): Promise<Lock> {
    const { waitMs, everyMs, onWait } = this.#asked
    const since = this.#startedAt
    using told = new ToldAgain({
      everyMs,
      holder: async () => (await this.#locks.who(lockable)).holders[0] ?? null,
      tell: onWait(nameOf(lockable)),
    })
    const leftMs = Math.max(0, waitMs - (performance.now() - since))
    const asked = {
      waitMs: leftMs,
      since,
      signal: this.#signal,
      onWait: told.onWait,
      scope,
      mode: 'exclusive',
    } as const
    return await this.#locks.acquire(lockable, asked)
  }

  /** Takes what is to be kept out, and waits until the tool is at rest, which takes its own lock itself. */
  async exclude(): Promise<AsyncDisposable> {
    const { exclude, tool } = this.#asked
    const held: Lock[] = []
    const letGo = async () => {
      await Promise.all(held.map((lock) => lock.release()))
    }
    try {
      for (const lockable of exclude) held.push(await this.take(lockable))
      if (tool !== null) await (await this.take(tool)).release()
      return { [Symbol.asyncDispose]: letGo }
    } catch (error) {
      await letGo()
      throw error
    }
  }
}
