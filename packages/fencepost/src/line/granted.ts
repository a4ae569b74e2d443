import type { HoldersAndWaiting } from '../inspection/read-holders.ts'
import type { Session } from '../postgres/session.ts'
import type { Descriptions } from '../sessions/descriptions.ts'
import type { Lane, Main, Sessions } from '../sessions/sessions.ts'
import type { Taker } from '../sessions/taker.ts'
import type { Token } from '../sessions/ticks.ts'
import type { Wish } from '../sessions/wish.ts'
import type { Claims, Leave } from './claims.ts'

/** A token that was granted, and the session that holds it; its lane, if that is one, is taken until it is given back. */
export interface Granted {
  readonly session: Session
  readonly taker: Pick<Taker, 'release'>
  readonly descriptions: Descriptions
  /** What is held. It may have another name than what was waited for: one permit of many. */
  readonly wish: Wish
  readonly grant: Token
  readonly lane: Lane | null
  /** For when nothing is held any more. */
  readonly leave: Leave
}

/** From where a lock is watched. */
export interface Watchtower {
  readonly main: Main
  readonly sessions: Sessions
  readonly claims: Claims
}

export interface AskedOnce {
  readonly wish: Wish
  /** The line key to respect; null for the first of the line. */
  readonly line: bigint | null
  readonly signal: AbortSignal
}

/** How what one stands in line for is taken: a lock, or whichever permit is free. */
export interface Way {
  /** Null: busy, here or elsewhere. Rejects with the signal's reason, or with what the session says; then nothing is held. */
  readonly tryOnce: (main: Main, claims: Claims, asked: AskedOnce) => Promise<Granted | null>
  /** For the first of the line. Rejects with the signal's reason, or as the shared session is lost; then nothing is held. */
  readonly watch: (tower: Watchtower, wish: Wish, signal: AbortSignal) => Promise<Granted>
  /** Who holds it and how many wait, whoever has the ticket not counted. */
  readonly look: (session: Session, wish: Wish, ticket: number | null) => Promise<HoldersAndWaiting>
}
