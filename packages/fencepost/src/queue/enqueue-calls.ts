import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import {
  type AnyOptions,
  type EnqueueManyOptions,
  type EnqueueOptions,
  parseTerms,
  type Terms,
} from './enqueue-options.ts'
import type { Enqueued, Prepared } from './enqueue-statement.ts'
import { Enqueuer } from './enqueuer.ts'
import type { JobKind } from './job.ts'
import { type EncodedPayload, encodePayload } from './payload.ts'
import { checkGroup, checkText } from './queue-name.ts'

/**
 * Enqueues a job: alone, together with what else this process enqueues in the same tick, or in an open transaction of any client
 * (`tx`), with which it comes or goes. With a `key` it is enqueued once, or as `onDuplicate` says; who enqueues the same key in an
 * open transaction is waited for.
 *
 * @returns the id of the job, or of the one there was already (`isNew` is false).
 * @throws {JobPayloadError} for a payload that the schema refuses; nothing is enqueued then.
 * @throws {NotInTransactionError} if `tx` is in none.
 * @throws {KeyedJobIsolationError} for a key in a `tx` above READ COMMITTED.
 * @throws {EnqueueUncertainError} if the connection broke off, without `tx`: it may have been enqueued.
 * @throws what `lock` throws where the database cannot be used.
 */
export type EnqueueCall = <Input, Output>(
  job: JobKind<Input, Output>,
  ...rest: undefined extends Input
    ? [payload?: Input, options?: EnqueueOptions]
    : [payload: Input, options?: EnqueueOptions]
) => Promise<Enqueued>

/**
 * Enqueues jobs of one kind, in the order of their payloads: without `tx` a thousand at a time, each thousand or none of it (but for keys
 * that somebody else is at), after all payloads were found right. Throws what `enqueue` throws.
 */
export type EnqueueManyCall = <Input, Output>(
  job: JobKind<Input, Output>,
  payloads: readonly NoInfer<Input>[],
  options?: EnqueueManyOptions<NoInfer<Input>>,
) => Promise<Enqueued[]>

type AnyJob = JobKind<unknown, unknown>

export interface EnqueueCallsOptions {
  readonly sessions: Sessions
  readonly schema: Schema
  readonly namespace: string
  readonly closing: AbortSignal
}

const NONE: AnyOptions = {}

/** `fp.enqueue` and `fp.enqueueMany`. */
export function enqueueCalls(parts: EnqueueCallsOptions): { enqueue: EnqueueCall; enqueueMany: EnqueueManyCall } {
  const calls = new EnqueueCalls(parts)
  const enqueue = async (job: AnyJob, payload?: unknown, options?: AnyOptions) => await calls.one(job, payload, options)
  const enqueueMany = async (job: AnyJob, payloads: readonly unknown[], options?: AnyOptions) =>
    await calls.many(job, payloads, options)
  return { enqueue: enqueue as EnqueueCall, enqueueMany: enqueueMany as EnqueueManyCall }
}

class EnqueueCalls {
  readonly #enqueuer: Enqueuer
  readonly #namespace: string
  readonly #closing: AbortSignal
  /** Of jobs that are enqueued without options: parsed once, and alike at a glance. */
  readonly #terms = new WeakMap<AnyJob, Terms>()

  constructor(parts: EnqueueCallsOptions) {
    this.#enqueuer = new Enqueuer(parts)
    this.#namespace = parts.namespace
    this.#closing = parts.closing
  }

  async one(job: AnyJob, payload: unknown, options = NONE): Promise<Enqueued> {
    const terms = this.#termsOf(job, options)
    const key = terms.onDuplicate === null ? null : checkKey(options.key)
    const encoded = encodePayload(job, payload)
    const prepared = prepare(job, encoded instanceof Promise ? await encoded : encoded, {
      terms,
      key,
      group: options.group,
    })
    this.#closing.throwIfAborted()
    if (options.tx === undefined) return await this.#enqueuer.one(prepared)
    return only(await this.#enqueuer.inside(options.tx, [prepared]))
  }

  async many(job: AnyJob, payloads: readonly unknown[], options = NONE): Promise<Enqueued[]> {
    const terms = this.#termsOf(job, options)
    const { key, group, tx } = options
    if (!Array.isArray(payloads)) throw new TypeError(`enqueueMany needs an array of payloads; got ${typeof payloads}`)
    if (key !== undefined && typeof key !== 'function') {
      throw new TypeError('the key of several jobs must be a function that makes one of each payload')
    }
    const encoded = await Promise.all(payloads.map(async (payload) => await encodePayload(job, payload)))
    const prepared = encoded.map((one, i) =>
      prepare(job, one, { terms, key: key === undefined ? null : checkKey(key(payloads[i])), group }),
    )
    this.#closing.throwIfAborted()
    return await (tx === undefined ? this.#enqueuer.many(prepared) : this.#enqueuer.inside(tx, prepared))
  }

  #termsOf(job: AnyJob, options: AnyOptions): Terms {
    if (options !== NONE) return parseTerms(job, options, this.#namespace)
    const known = this.#terms.get(job)
    if (known !== undefined) return known
    const terms = parseTerms(job, options, this.#namespace)
    this.#terms.set(job, terms)
    return terms
  }
}

function prepare(
  job: AnyJob,
  { json, value }: EncodedPayload<unknown>,
  { terms, key, group = job.group?.(value) }: { terms: Terms; key: string | null; group: string | undefined },
): Prepared {
  checkGroup(group)
  return { terms, json, key, group: group ?? null }
}

function checkKey(key: unknown): string {
  checkText(key, 'the key of a job', { most: 1024, unit: 'bytes' })
  return key
}

function only([enqueued]: readonly Enqueued[]): Enqueued {
  if (enqueued === undefined) throw new Error('the server has answered nothing')
  return enqueued
}
