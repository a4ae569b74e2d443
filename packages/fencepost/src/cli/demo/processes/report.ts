/** One payout as a worker tells of it. */
export interface Attempt {
  readonly invoice: number
  readonly account: number
  readonly token: number
}

/** What a worker process tells the demo. */
export type Report =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'granted' | 'frozen' | 'paid' } & Attempt)
  /** `code` is the library's, `sqlState` the one the database answered COMMIT or BEGIN with. */
  | ({ readonly kind: 'refused'; readonly code: string; readonly sqlState: string } & Attempt)
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number }

/** What a worker process is told when it is started. */
export interface Assignment {
  readonly worker: number
  readonly schema: string
  readonly fenced: boolean
  /** In the middle of the payout after this many; null: never. */
  readonly freezeAfter: number | null
}

/** After so much silence the server ends a session of a worker. */
export const FREEZE_TIMEOUT = '2s'
