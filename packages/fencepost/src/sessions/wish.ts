import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'

/** Who wants what. */
export interface Wish {
  readonly keys: Keys
  readonly namespace: string
  readonly name: string
  readonly mode: Mode
  /** The callbacks it is asked for in, outermost first. */
  readonly scopes: readonly number[]
  /** The callback it is to be held for; null where there is none. */
  readonly scope: number | null
  /** Whether it finds out within 200 ms, instead of a second, that who stood before it has died. */
  readonly isUrgent: boolean
}
