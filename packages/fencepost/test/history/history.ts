/** Instants are milliseconds on the machine's monotonic clock, which all its processes share: hrtime, not the time of day. */
export interface History {
  readonly calls: readonly Call[]
  /** Whose signal is set: they happened to a process, or with `life` null to all. */
  readonly faults: readonly Fault[]
  /** When a process was killed; one that is missing lived to the end. */
  readonly deaths: ReadonlyMap<string, number>
  /** Processes that ended though nobody killed them, and what they said. */
  readonly collapses: readonly { readonly life: string; readonly said: string }[]
  /** The table of guarded writes, in the order in which the server numbered the inserts. */
  readonly effects: readonly Effect[]
  /** The counters of the names, which only exclusive holders raise. */
  readonly counters: ReadonlyMap<string, number>
  readonly leftovers: Leftovers
  readonly freezeMs: number
  readonly endedAt: number
}

export type Mode = 'exclusive' | 'shared'

/** One call of `lock` or `tryLock`, and what became of it. A null instant was not recorded: it did not happen or the process died. */
export interface Call {
  readonly id: string
  /** A process from its start to its death: `2.1` is the second life of process 2. */
  readonly life: string
  readonly name: string
  readonly mode: Mode
  /** `again`: nested in a callback that holds the name already. */
  readonly op: 'lock' | 'try' | 'again'
  /** The call in whose callback it was made. */
  readonly within: string | null
  /** After how long it was to give up by itself, if at all, by `wait` or by its signal. */
  readonly limitMs: number | null
  calledAt: number
  /** Its ticket had been drawn by then. */
  waitingAt: number | null
  grantedAt: number | null
  token: number | null
  /** Why it was not granted; `BUSY` is a `tryLock` that returned null. */
  refusal: Refusal | null
  /** When its signal told that it was lost. */
  lostAt: number | null
  /** When its release was called, and when that returned. */
  releaseAt: number | null
  releasedAt: number | null
  readonly writes: Write[]
}

export interface Refusal {
  readonly at: number
  readonly code: string
  readonly message: string
}

/** One guarded transaction. */
export interface Write {
  readonly id: string
  readonly isolation: string
  readonly begunAt: number
  /** When the commit was invoked. */
  commitAt: number | null
  /** When it was acknowledged. */
  committedAt: number | null
  refusal: Refusal | null
}

export interface Fault {
  readonly kind: 'freeze' | 'terminate' | 'crash'
  readonly life: string | null
  readonly from: number
  readonly until: number
}

/** A row that was committed. */
export interface Effect {
  readonly id: string
  readonly name: string
  readonly token: number
  readonly mode: Mode
  readonly n: number
}

/** What was left in the server when nobody held or waited any more. */
export interface Leftovers {
  readonly tickets: readonly string[]
  readonly locks: readonly string[]
}

export type Rule = 'P1' | 'P2' | 'P3' | 'P8' | 'FIFO' | 'orphan' | 'liveness' | 'error'

export interface Violation {
  readonly rule: Rule
  readonly message: string
  /** The calls it is about, for whoever looks for the interleaving. */
  readonly calls: readonly string[]
}

type Called = Pick<Call, 'id' | 'life' | 'name' | 'mode' | 'op' | 'within' | 'limitMs' | 'calledAt'>

/** Of which nothing is known yet but that it was made. */
export function newCall(called: Called): Call {
  const open = {
    waitingAt: null,
    grantedAt: null,
    token: null,
    refusal: null,
    lostAt: null,
    releaseAt: null,
    releasedAt: null,
  }
  return { ...called, ...open, writes: [] }
}

export type GrantedCall = Call & { grantedAt: number; token: number }

/** The grants of each name, those counted in a callback that holds the name already left out. */
export function grantsByName({ calls }: History): Map<string, GrantedCall[]> {
  const grants = calls.filter((call) => isGranted(call) && call.op !== 'again') as GrantedCall[]
  return groupBy(grants, ({ name }) => name)
}

export function isGranted(call: Call): call is GrantedCall {
  return call.grantedAt !== null && call.token !== null
}

/** A fault of its process or of the server that touches the interval, or ended up to `slackMs` before it. */
export function isFaulty(
  history: History,
  life: string,
  span: { from: number; until: number; slackMs?: number },
): boolean {
  const { from, until, slackMs = 0 } = span
  const isOf = (fault: Fault) => fault.life === null || fault.life === life
  return history.faults.some((fault) => isOf(fault) && fault.from <= until && fault.until + slackMs >= from)
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
