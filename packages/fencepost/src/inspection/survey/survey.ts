import { checkNamespace } from '../../ground/name.ts'
import { Schema } from '../../postgres/schema.ts'
import { resolveTarget, type Target } from '../../postgres/target.ts'
import { type HistoryEntry, readHistory } from '../history-entry.ts'
import { type ListHistoryOptions, parseHistoryQuery } from '../history-query.ts'
import { type Ask, Catalog } from './catalog.ts'
import { requireSchema } from './read-sight.ts'
import { readSeenLocks } from './read-seen-locks.ts'
import { readWaits } from '../waits/read-waits.ts'
import type { SeenLocks } from './seen-lock.ts'
import { type WaitGraph, waitGraph } from '../waits/wait-graph.ts'

export interface SurveyOptions {
  /** Where our tables and functions live, if they are there at all. Default `'fencepost'`. */
  readonly schema?: string
  /** What the connection calls itself. Default `'fencepost survey'`. */
  readonly application?: string
}

export interface SurveyHistoryOptions extends ListHistoryOptions {
  /** Of the name. Default `'default'`. */
  readonly namespace?: string
}

const KNOWN = ['schema', 'application']

/**
 * Looks over the locks of a database that need not know us, over one connection: it installs nothing, takes no lock and changes
 * nothing, and no statement of it takes longer than 5 s. It connects when it is first asked.
 *
 * @throws {TypeError} for a target or an option that cannot be right.
 */
export function survey(target: Target | undefined, options: SurveyOptions = {}): Survey {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  const { application = 'fencepost survey' } = options
  if (typeof application !== 'string' || application.includes('\0')) {
    throw new TypeError('application must be a string without NUL')
  }
  return new Survey(target, new Schema(options.schema), application)
}

/** A look over a whole database; `survey()` makes one. */
export class Survey implements AsyncDisposable {
  readonly #catalog: Catalog
  readonly #schema: Schema

  /** Use `survey()`. */
  constructor(target: Target | undefined, schema: Schema, application: string) {
    this.#schema = schema
    this.#catalog = new Catalog({ origin: resolveTarget(target, 0), schema, application })
  }

  /**
   * Every advisory lock that is held or waited for, with what its backend does. `notes` says what could not be seen.
   *
   * @throws {DatabaseUnreachableError | AuthenticationError}
   */
  async locks(): Promise<SeenLocks> {
    return await this.#catalog.read((ask) => readSeenLocks(ask, this.#schema))
  }

  /**
   * Who waits for whom: for advisory locks, rows and tables in the server, and in our own lines. Throws what `locks` throws.
   */
  async waits(): Promise<WaitGraph> {
    return waitGraph(await this.#catalog.read((ask) => readWaits(ask, this.#schema)))
  }

  /**
   * What `fp.history` has written down of a name, or of all names in all namespaces, the newest first. Throws what `locks` throws.
   *
   * @throws {SchemaOutdatedError} where our schema is missing or too old. @throws {MissingPrivilegeError} if the role may not read it.
   */
  async history(name?: string, options: SurveyHistoryOptions = {}): Promise<HistoryEntry[]> {
    const { namespace = 'default', ...rest } = options
    checkNamespace(namespace)
    const query = parseHistoryQuery(name, namespace, rest)
    return await this.#catalog.read(async (ask) => {
      await requireSchema(ask, this.#schema)
      return await readHistory(ask, query)
    })
  }

  /**
   * What statements of yours read, in one read-only transaction of 8 s at most; `fencepost.` in them is our schema's name, and of others
   * but PostgreSQL's own the schema has to be written. Throws what `locks` throws, and what the server says.
   */
  async read<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    return await this.#catalog.read(work)
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    await this.#catalog.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
