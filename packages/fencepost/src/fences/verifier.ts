import type { ServerResponse } from 'node:http'
import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { StaleTokenError } from '../ground/errors.ts'
import { FenceHeaderError } from './fence-header-error.ts'
import { asError } from '../ground/as-error.ts'
import { checkName } from '../ground/name.ts'
import { onPool, type PoolPlace } from '../postgres/on-pool.ts'
import { serverErrorOf } from '../wire/sql-state.ts'
import type { Fenced } from './fenced.ts'
import { type CarriedHeaders, readHeader } from './header.ts'
import { problemOf, type Refusal, writeProblem } from './problem.ts'

/** What carries the headers: a request of node:http, express or fetch. */
export interface Carrier {
  readonly headers: CarriedHeaders
}

export interface VerifierOptions<Request extends Carrier = Carrier> {
  /**
   * The lock that what the request writes is written under: a request with another lock's token is refused. Default: whichever lock the
   * request names, which proves nothing about what it writes.
   */
  readonly resource?: string | ((request: Request) => string)
}

interface Place extends PoolPlace {
  readonly namespace: string
  /** Brings the schema up to date, or says that it is not. */
  readonly ready: () => Promise<void>
}

/** A connection of the pool, or a transaction of the caller's. */
interface Sender {
  query(text: string, values: (string | number)[]): Promise<unknown>
}

type Answer = Pick<ServerResponse, 'writeHead' | 'end'>

const ADMIT = 'select fencepost.admit($1, $2, $3)'
const ADMIT_INSIDE = 'select fencepost.require_transaction(), fencepost.admit($1, $2, $3)'
/** Twice as many at least as may have come new meanwhile. */
const FORGET = 'select fencepost.forget_tokens(1000)'
const ADMISSIONS = 500

/**
 * Remembers the highest token of each resource in PostgreSQL and refuses requests with a lower one. An equal one passes: the same holder
 * may repeat itself. Refused are, with a problem document (RFC 9457): a lower token and another lock (412), headers that
 * cannot be read (400), none at all (428).
 *
 * What happens after the check is not fenced by it, unless it is the same transaction: `admit`.
 */
export class Verifier<Request extends Carrier = Carrier> {
  readonly #place: Place
  readonly #options: VerifierOptions<Request>
  #ready: Promise<void> | undefined
  #admitted = 0

  /** Use `fp.verifier()`. */
  constructor(place: Place, options: VerifierOptions<Request>) {
    if (typeof options.resource === 'string') checkName(options.resource)
    this.#place = place
    this.#options = options
  }

  /** For express and connect; `next` is called with an error if the database cannot be asked. */
  readonly middleware = async (request: Request, response: Answer, next: (error?: unknown) => void): Promise<void> => {
    const allowed = await this.allows(request, response).catch((error: unknown) => ({ error }))
    if (allowed === true) next()
    else if (allowed !== false) next(allowed.error)
  }

  /** For node:http. False: it is refused and has been answered. Rejects if the database cannot be asked: do not go on. */
  async allows(request: Request, response: Answer): Promise<boolean> {
    const refused = await this.#check(request)
    if (refused !== null) writeProblem(response, problemOf(refused))
    return refused === null
  }

  /** For handlers that take a `Request`: null, or what to answer. Rejects if the database cannot be asked: do not go on. */
  async refusal(request: Request): Promise<Response | null> {
    const refused = await this.#check(request)
    if (refused === null) return null
    const { status, headers, body } = problemOf(refused)
    return new Response(body, { status, headers })
  }

  /**
   * Admits the request in the transaction that does what it asks for: both commit together, and until then requests with
   * newer tokens wait. Nothing an older holder sent can come after it.
   *
   * @throws {StaleTokenError} roll back and answer 412.
   * @throws {FenceHeaderError} which has the `status` to answer with; nothing was sent.
   * @throws {NotInTransactionError} if no transaction is open.
   * @throws the client's error with SQLSTATE 40001 if another request came first, at REPEATABLE READ or SERIALIZABLE.
   */
  async admit(tx: AnyTransaction, request: Request): Promise<void> {
    await this.#admit(asQueryable(tx), ADMIT_INSIDE, this.#read(request))
  }

  async #check(request: Request): Promise<Refusal | null> {
    try {
      const read = this.#read(request)
      await (this.#ready ??= this.#prepare())
      await onPool(this.#place, async (client) => {
        await this.#admit(client, ADMIT, read)
        if (this.#admitted++ % ADMISSIONS === 0) await client.query(this.#place.schema.place(FORGET))
      })
      return null
    } catch (error) {
      if (error instanceof StaleTokenError || error instanceof FenceHeaderError) return error
      throw error
    }
  }

  #read(request: Request): Fenced {
    const read = readHeader(request.headers)
    const { resource = read.name } = this.#options
    const wanted = typeof resource === 'string' ? resource : resource(request)
    checkName(wanted)
    if (wanted === read.name) return read
    throw new FenceHeaderError(412, `the request must be fenced by lock "${wanted}"; it is by "${read.name}"`)
  }

  async #admit(tx: Sender, text: string, { name, token }: Fenced): Promise<void> {
    const { schema, namespace } = this.#place
    try {
      await tx.query(schema.place(text), [name, token, namespace])
    } catch (error) {
      const said = serverErrorOf(error)
      if (said?.code !== 'LK001') throw error
      throw new StaleTokenError(name, token, said instanceof Error ? said : asError(error), said.detail)
    }
  }

  async #prepare(): Promise<void> {
    try {
      await this.#place.ready()
    } catch (error) {
      this.#ready = undefined
      throw error
    }
  }
}
