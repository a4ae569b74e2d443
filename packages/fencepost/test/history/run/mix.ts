type Weights<Key extends string> = Readonly<Record<Key, number>>

/** How often each thing is done, relative to its alternatives. */
export interface Mix {
  readonly name: Weights<string>
  readonly op: Weights<'lock' | 'try'>
  readonly mode: Weights<'exclusive' | 'shared'>
  readonly form: Weights<'callback' | 'handle'>
  /** Giving up: not at all, by `wait`, or by an aborted signal. */
  readonly limit: Weights<'none' | 'wait' | 'abort'>
  /** What is done while holding; nested are the same name again, one that no ring can come of (`other`), and any other. */
  readonly act: Weights<'hold' | 'write' | 'again' | 'other' | 'crossed'>
  readonly write: Weights<'transaction' | 'guard'>
  readonly isolation: Weights<'read committed' | 'repeatable read' | 'serializable'>
  /** In the middle of a guarded transaction; `cut`: the connection that holds its lock is ended, and it goes on. */
  readonly fault: Weights<'none' | 'kill' | 'freeze' | 'cut'>
  /** From outside, at any moment. A nap is a freeze that is too short to lose anything. */
  readonly chaos: Weights<'kill' | 'freeze' | 'nap' | 'terminate' | 'crash'>
}

export const everything: Mix = {
  name: { a: 6, b: 3, c: 2, d: 1 },
  op: { lock: 8, try: 2 },
  mode: { exclusive: 6, shared: 4 },
  form: { callback: 6, handle: 4 },
  limit: { none: 6, wait: 2, abort: 2 },
  act: { hold: 10, write: 10, again: 2, other: 1, crossed: 0.6 },
  write: { transaction: 3, guard: 1 },
  isolation: { 'read committed': 8, 'repeatable read': 1, serializable: 1 },
  fault: { none: 2000, kill: 4, freeze: 1, cut: 12 },
  chaos: { kill: 5, freeze: 2, nap: 2, terminate: 3, crash: 0 },
}
