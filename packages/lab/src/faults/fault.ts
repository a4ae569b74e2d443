import type { Contender } from '../contenders/contender.ts'
import type { Moment } from '../history/event.ts'
import type { Stand, StandKind } from '../servers/stand.ts'

/** A process that is struck. */
export interface Struck {
  readonly application: string
  kill(): Promise<void>
}

/** One way to break a lock. */
export interface Fault {
  readonly name: string
  /** What is done, in one line. */
  readonly about: string
  /** At which moments of the holder it is tried; the first in a quick run. */
  readonly moments: readonly Moment[]
  readonly stand: StandKind
  /** How the holder is there meanwhile: `dies` waits, and is then killed. */
  readonly stance: 'stops' | 'blocks' | 'waits' | 'dies'
  /** How long the other may try before the holder goes on, in ms. */
  readonly patienceMs: number
  /** Why it makes no sense for a contender; null if it does. */
  whyNot(contender: Contender): string | null
  /** Strikes once for all rounds that are played side by side. Left out: reaching the moment is the blow. */
  strike?(stand: Stand, holders: readonly Struck[]): Promise<unknown>
  /** Undoes it, before the holder goes on. */
  mend?(stand: Stand): Promise<unknown>
}
