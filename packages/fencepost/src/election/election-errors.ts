import { FencepostError } from '../ground/errors.ts'

/** What `term.signal` aborts with after `resign()`. Nobody else is the leader until the function is done. */
export class TermResignedError extends FencepostError {
  readonly code = 'TERM_RESIGNED'
  readonly leaderOf: string
  readonly term: number

  constructor(leaderOf: string, term: number) {
    super(`the leader of "${leaderOf}" has resigned from term ${term}`)
    this.leaderOf = leaderOf
    this.term = term
  }
}
