/** How the server lets go of a frozen session. */
export type FreezeEnd = 'at once' | 'freezeTimeout'

/** What locks are held on, as tests end it. */
export interface Mortal {
  readonly isFrozen: boolean
  /** Ends as a killed process does. Resolves when the locks are let go of and their holders told. */
  die(): Promise<void>
  /** Stands still until what is given back is called; resolves when the locks are let go of, and nobody told. */
  freeze(end: FreezeEnd): Promise<() => Promise<void>>
}
