import type { Holder } from '../ground/holder.ts'
import type { Mode } from '../ground/mode.ts'

/** What is asked of a provider. */
export interface Wanted {
  readonly name: string
  /** Names of different namespaces are different locks. */
  readonly namespace: string
  readonly mode: Mode
  /** The callbacks it is asked for in, outermost first, and the one it is to be held for: for a provider that finds rings of waits. */
  readonly scopes: readonly number[]
  readonly scope: number | null
}

/** One acquisition. */
export interface Grant {
  /**
   * A safe integer, larger than that of every earlier grant of the name, over crashes and restarts of the provider (P2): etcd has
   * the create revision of the key for it, ZooKeeper the czxid of the node. Shared holders have one between them.
   */
  readonly token: number
  /**
   * Aborts with the cause, an `Error`, once the grant is over without `release`, as far as this process can know (P5): the session
   * ended, or somebody took it away. Never after `release` has resolved.
   */
  readonly lost: AbortSignal
  /** What it is held on, a connection or a lease: all that is held there is lost together. */
  readonly session: object
  /** Resolves when the next may be granted. Never rejects, also when it is lost or released already (P8). */
  release(): Promise<void>
}

export interface Inspection {
  /** Who holds the name, first the one that has held it longest. */
  readonly holders: readonly Holder[]
  /** How many wait for it. */
  readonly waiting: number
}

export interface Waiting {
  /** Gives up: then the call rejects with the signal's reason, nothing is held, and nothing is granted later. */
  readonly signal: AbortSignal
  /** To be called when the lock is not free at once: whoever asks from then on is served later. */
  readonly onWaiting: () => void
}

/**
 * Whatever keeps locks, for one process: PostgreSQL, memory, etcd, ZooKeeper. `providedLocks` makes all calls of fencepost out of it.
 * Two holders of one name, one of them exclusive, never exist (P1), whichever process they are of; whoever waits is served first come, first
 * served, shared holders together; a process that is granted a name does not stand in its own way twice, it waits as others do.
 */
export interface LockProvider {
  /** Never waits for a holder and overtakes nobody who waits. Null means busy and nothing else; every failure rejects (P7). */
  tryAcquire(wanted: Wanted, signal: AbortSignal): Promise<Grant | null>
  /** Waits for as long as it takes. */
  acquire(wanted: Wanted, waiting: Waiting): Promise<Grant>
  /** As of now, so it is past when it arrives. */
  inspect(wanted: Pick<Wanted, 'name' | 'namespace'>): Promise<Inspection>
  /** Lets go of the connections. What is held was released before. */
  close(): Promise<void>
}
