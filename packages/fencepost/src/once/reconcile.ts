import type { OnceRecord } from './once-record.ts'
import type { Duration } from '../ground/duration.ts'
import type { OnceKeys } from './once-keys.ts'
import { checkKey, parseRetention } from './once-options.ts'
import { type Outcome, publicRecord, type Stored } from './records.ts'
import { repeated } from '../wire/repeated.ts'
import { encodeResult } from '../results/stored-result.ts'

/** How a key ended, as somebody has found out. `retry`: it was not done, and the next call is to run it. */
export interface Settlement {
  readonly key: string
  readonly as: 'done' | 'failed' | 'retry'
  /** What the calls to come get, for `done`. Default: nothing. */
  readonly result?: unknown
  /** What the calls to come are told, for `failed`. */
  readonly error?: string
  /** As of `fp.once`, for `done` and `failed`. */
  readonly retention?: Duration
}

/** The same, of the key that is asked about; `uncertain` leaves it as it is. */
export type Verdict = Settlement['as'] | 'uncertain' | Omit<Settlement, 'key'>

export interface Reconciliation {
  readonly settled: readonly OnceRecord[]
  /** What is still uncertain, and why: it was said so, the question failed, or somebody else is at it. */
  readonly left: readonly { readonly record: OnceRecord; readonly why: unknown }[]
}

export type Ask = (uncertain: OnceRecord) => Promise<Verdict> | Verdict

const MOST_LISTED = 1000
const PAGE = 100
const WAIT_MS = 5000
const MEMBERS = ['key', 'as', 'result', 'error', 'retention']

/** Lists what is uncertain and settles it, each under the lock of its key, so that no run and no other settlement is under way. */
export class Reconciler {
  readonly #keys: OnceKeys

  constructor(keys: OnceKeys) {
    this.#keys = keys
  }

  async list(): Promise<OnceRecord[]> {
    const listed: OnceRecord[] = []
    for await (const found of this.#all()) {
      if (listed.push(publicRecord(found)) === MOST_LISTED) break
    }
    return listed
  }

  /** Null if there is no such key. What is done stays done, and a key that is being run is waited for, for 5 s. */
  async settle(settlement: Settlement): Promise<OnceRecord | null> {
    const outcome = outcomeOf(settlement)
    checkKey(settlement.key)
    const patience = { waitMs: WAIT_MS, signal: undefined }
    const settled = await this.#keys.hold(settlement.key, patience, (lock) =>
      repeated(lock, (tx) => this.#keys.records.settle(tx, settlement.key, outcome)),
    )
    return settled && publicRecord(settled)
  }

  /** Asks for one after the other, the oldest first. One that cannot be settled keeps none of the others. */
  async ask(ask: Ask): Promise<Reconciliation> {
    const settled: OnceRecord[] = []
    const left: { record: OnceRecord; why: unknown }[] = []
    for await (const found of this.#all()) {
      try {
        const record = await this.#askOne(found.key, ask)
        if (record?.state === 'uncertain') left.push({ record, why: 'the answer was uncertain' })
        else if (record !== null) settled.push(record)
      } catch (why) {
        this.#keys.closing.throwIfAborted()
        left.push({ record: publicRecord(found), why })
      }
    }
    return { settled, left }
  }

  /** Page by page: to find that nobody runs one takes a slot of the lock table until the end of the page. */
  async *#all(): AsyncGenerator<Stored> {
    for (let last: Stored | null = null; ;) {
      const page: Stored[] = await this.#keys.unsettled(last, PAGE)
      yield* page
      last = page.at(-1) ?? null
      if (page.length < PAGE) return
    }
  }

  /** Null if somebody else has settled it meanwhile. */
  async #askOne(key: string, ask: Ask): Promise<OnceRecord | null> {
    return await this.#keys.hold(key, { waitMs: 0, signal: undefined }, async (lock) => {
      const now = await this.#keys.look(key)
      if (now === null || (now.state !== 'running' && now.state !== 'uncertain')) return null
      // Its lock is ours, so nobody runs it.
      const uncertain = publicRecord({ ...now, state: 'uncertain' })
      const verdict = await ask(uncertain)
      if (verdict === 'uncertain') return uncertain
      const outcome = outcomeOf(typeof verdict === 'string' ? { as: verdict } : verdict)
      const settled = await repeated(lock, (tx) => this.#keys.records.settle(tx, key, outcome))
      return settled && publicRecord(settled)
    })
  }
}

/** @throws {TypeError} for what is no settlement; nothing is settled then. */
function outcomeOf(settlement: Omit<Settlement, 'key'>): Outcome {
  if (typeof settlement !== 'object' || settlement === null || Array.isArray(settlement)) {
    throw new TypeError(`a settlement is an object such as { key, as: 'done' }; got ${String(settlement)}`)
  }
  for (const member of Object.keys(settlement)) {
    if (!MEMBERS.includes(member)) throw new TypeError(`unknown '${member}'; there are ${MEMBERS.join(', ')}`)
  }
  const { as, result, error, retention } = settlement
  if (!['done', 'failed', 'retry'].includes(as)) {
    throw new TypeError(`as must be 'done', 'failed' or 'retry'; got '${as}'`)
  }
  if (result !== undefined && as !== 'done') throw new TypeError(`a result is for as: 'done'`)
  if (error !== undefined && (as !== 'failed' || typeof error !== 'string')) {
    throw new TypeError(`error is a text, for as: 'failed'`)
  }
  if (retention !== undefined && as === 'retry') throw new TypeError(`retention is for as: 'done' and as: 'failed'`)
  return { state: as, result: encodeResult(result), error: error ?? null, retentionMs: parseRetention(retention) }
}
