import type { Holder } from '../ground/holder.ts'
import type { Term } from './term.ts'

/** What a leader does: while it runs, its process leads. */
export type LeadWork<T> = (term: Term) => Promise<T> | T

export interface LeadOptions {
  /** Leaves the election: waiting ends, `term.signal` aborts, and when the function is done the next in line leads at once. */
  readonly signal?: AbortSignal
  /** Called each time this process has to stand by, with the leader, null if that is not known, and how many others stand by. */
  readonly onStandby?: (leader: Holder | null, waiting: number) => void
  /** Called when a term was lost or resigned from and its function is done; then the process stands by again. */
  readonly onEnd?: (ended: EndedTerm) => void
}

export interface ObserveOptions {
  /** Ends the loop. */
  readonly signal?: AbortSignal
}

export interface EndedTerm {
  readonly term: number
  /** A `LockLostError` or a `TermResignedError`. */
  readonly cause: Error
  /** What the function threw after its term was over, as it may; undefined if it returned. */
  readonly error: unknown
}

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function checkLeadOptions(options: LeadOptions): LeadOptions {
  checkOptions(options, ['signal', 'onStandby', 'onEnd'])
  const { onStandby, onEnd } = options
  for (const [name, call] of Object.entries({ onStandby, onEnd })) {
    if (call !== undefined && typeof call !== 'function') throw new TypeError(`${name} must be a function`)
  }
  return options
}

/** @throws {TypeError} for an option that does not exist or has a wrong type. */
export function checkObserveOptions(options: ObserveOptions): ObserveOptions {
  checkOptions(options, ['signal'])
  return options
}

function checkOptions(options: ObserveOptions, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
  const { signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
}
