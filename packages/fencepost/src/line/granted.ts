import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import type { Session } from '../postgres/session.ts'
import type { Descriptions } from '../sessions/descriptions.ts'
import type { Lane } from '../sessions/sessions.ts'
import type { Taker } from '../sessions/taker.ts'
import type { Token } from '../sessions/ticks.ts'
import type { Leave } from './claims.ts'

/** A token that was granted, and the session that holds it; its lane, if that is one, is taken until it is given back. */
export interface Granted {
  readonly session: Session
  readonly taker: Taker
  readonly descriptions: Descriptions
  readonly keys: Keys
  readonly mode: Mode
  readonly grant: Token
  readonly lane: Lane | null
  /** For when nothing is held any more. */
  readonly leave: Leave
}
