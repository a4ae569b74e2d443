import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkName } from '../ground/name.ts'
import { type HistoryEntry, readHistory } from '../inspection/history-entry.ts'
import { type ListHistoryOptions, parseHistoryQuery } from '../inspection/history-query.ts'
import { askPool } from '../postgres/on-pool.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Origin } from '../postgres/target.ts'

export interface RecordHistoryOptions {
  /** For how long entries are kept, `'1s'` to `'36500d'`; of several that apply to a name the longest. Default `'7d'`. */
  readonly keep?: Duration
}

export interface StopHistoryOptions {
  /** Also removes what was written down. Default false. */
  readonly forget?: boolean
}

export interface HistoryPlace {
  readonly origin: Origin
  readonly schema: Schema
  readonly namespace: string
  /** Resolves once the schema is there. */
  readonly ready: () => Promise<void>
}

const LONGEST_KEEP_MS = 36_500 * 86_400_000

/**
 * What became of locks: grants, releases, losses, evictions and refused commits, written down for the names it is asked for by all
 * processes that lock them through this library, whichever started first. A name that is not recorded costs nothing.
 */
export class History {
  readonly #place: HistoryPlace

  /** Use `fp.history`. */
  constructor(place: HistoryPlace) {
    this.#place = place
  }

  /**
   * Has everything written down from now on that becomes of a name, or of all names in all namespaces. It stays so until `stop`.
   *
   * @throws {MissingPrivilegeError} unless the role may execute `record_history`.
   */
  async record(name?: string, options: RecordHistoryOptions = {}): Promise<void> {
    checkOptions(options, ['keep'])
    if (name !== undefined) checkName(name)
    const { keep = '7d' } = options
    const keepMs = parseDuration(keep, 'keep', LONGEST_KEEP_MS)
    if (keepMs < 1000) throw new TypeError(`keep must be at least '1s'; got '${keep}'`)
    const text = `select fencepost.record_history($1, $2, $3 * interval '1 ms')`
    await this.#query(text, [name ?? null, this.#place.namespace, keepMs])
  }

  /** Has nothing written down any more of a name, or of any; false if nothing was. Throws what `record` throws. */
  async stop(name?: string, options: StopHistoryOptions = {}): Promise<boolean> {
    checkOptions(options, ['forget'])
    if (name !== undefined) checkName(name)
    const { forget = false } = options
    if (typeof forget !== 'boolean') throw new TypeError(`forget must be true or false; got ${String(forget)}`)
    const text = 'select fencepost.stop_history($1, $2, $3)::text as "wasOn"'
    const [row] = await this.#query<{ wasOn: string }>(text, [name ?? null, this.#place.namespace, forget])
    return row?.wasOn === 'true'
  }

  /** What is written down of a name, or of all names in all namespaces, the newest first. */
  async list(name?: string, options: ListHistoryOptions = {}): Promise<HistoryEntry[]> {
    const query = parseHistoryQuery(name, this.#place.namespace, options)
    return await readHistory((text, values) => this.#query(text, values), query)
  }

  /** On the pool: nothing that may take its time, as to forget, is sent where locks live. */
  async #query<Row>(text: string, values: unknown[]): Promise<Row[]> {
    await this.#place.ready()
    return await askPool<Row>(this.#place, text, values)
  }
}

function checkOptions(options: object, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
}
