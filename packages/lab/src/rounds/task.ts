import type { LabEvent, Moment, Player } from '../history/event.ts'
import type { Endpoints } from '../servers/endpoints.ts'

/**
 * How a holder is there while it is struck: its whole process stopped by SIGSTOP, its event loop blocked, or awaiting something,
 * alive, so that timers and sockets of its lock go on.
 */
export type Stance = 'stops' | 'blocks' | 'waits'

/** What a process is told when it is started. */
export interface Assignment {
  /** A name of ours or a path. */
  readonly contender: string
  readonly endpoints: Endpoints
  readonly application: string
  readonly player: Player
  /** With the packages that the lab installs. */
  readonly peers: string
}

/** One round for one process. */
export interface Task {
  readonly invoice: number
  /** Where it is struck; null: nowhere. */
  readonly moment: Moment | null
  readonly stance: Stance
  /** What ends the block of its event loop: it appears. */
  readonly flag: string
}

export type ToActor = { readonly task: Task } | { readonly goOn: true }

/** `atMs` is by CLOCK_MONOTONIC. */
export type FromActor =
  | { readonly ready: true }
  | { readonly failed: string }
  | { readonly event: Pick<LabEvent, 'atMs' | 'what' | 'detail'> }
  | { readonly done: true }
