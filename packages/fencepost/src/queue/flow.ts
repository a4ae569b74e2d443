import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import type { Duration } from '../ground/duration.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { parseInt8Array } from '../wire/int8-array.ts'
import { checkKnown } from './define-job.ts'
import { parseTerms } from './enqueue-options.ts'
import type { Job, StandardSchema } from './job.ts'
import { encodePayload } from './payload.ts'
import { checkGroup } from './queue-name.ts'

const KNOWN = ['priority', 'group', 'keep', 'delay']

/** What a job of a flow is enqueued with; each overrides what its definition says. */
export interface FlowOptions {
  /** Smaller runs first. */
  readonly priority?: number
  /** Jobs of one group run in order, one at a time. */
  readonly group?: string
  /** For how long it is kept once it is done. What a child returned is kept until its parent is done in any case. */
  readonly keep?: Duration
  /** Not before so long from now. */
  readonly delay?: Duration
}

// oxlint-disable-next-line typescript/no-explicit-any -- what each job takes is inferred from it
type AnyJob = Omit<Job<any, any, any>, 'run'>

/** A job, and those that have to be done before it, each with jobs before it perhaps. */
export interface AnyFlow {
  readonly job: AnyJob
  readonly payload?: unknown
  readonly options?: FlowOptions
  readonly children?: readonly AnyFlow[]
}

/** A flow each of whose payloads is what its job takes. */
export type CheckedFlow<Flow extends AnyFlow> = {
  readonly job: Flow['job']
  readonly options?: FlowOptions
  readonly children?: Flow['children'] extends readonly AnyFlow[] ? CheckedFlows<Flow['children']> : undefined
} & PayloadOf<InputOf<Flow['job']>>

type CheckedFlows<Flows extends readonly AnyFlow[]> = { readonly [Place in keyof Flows]: CheckedFlow<Flows[Place]> }

type PayloadOf<Input> = undefined extends Input ? { readonly payload?: Input } : { readonly payload: Input }

/** What its schema takes; without one what `run` takes. */
type InputOf<Kind> = Kind extends { readonly schema?: StandardSchema<infer Input> | undefined }
  ? unknown extends Input
    ? RunInput<Kind>
    : Input
  : RunInput<Kind>

type RunInput<Kind> = Kind extends { readonly run: (payload: infer Input, ...rest: never[]) => unknown }
  ? Input
  : unknown

/** The ids of a flow that was enqueued, in its own shape. */
export interface EnqueuedFlow {
  readonly id: number
  readonly children: readonly EnqueuedFlow[]
}

/**
 * Enqueues a job together with the jobs that have to be done before it, all of them or none: alone, or in an open transaction of any client (`tx`). A parent
 * runs once all its children are done, or cancelled, and gets what they returned from `job.childResults()`. If one is dead the parent waits, until
 * that one is redriven or cancelled.
 *
 * @throws {TypeError} for an option that does not exist or cannot be right; nothing is enqueued then.
 * @throws {JobPayloadError} for a payload that a schema refuses, and for one that JSON or the database cannot carry; nothing is enqueued then.
 * @throws {NotInTransactionError} if `tx` is in none.
 */
export type EnqueueFlowCall = <const Flow extends AnyFlow>(
  flow: Flow & CheckedFlow<Flow>,
  options?: { readonly tx?: AnyTransaction },
) => Promise<EnqueuedFlow>

/** Where flows go. */
export interface FlowParts {
  readonly sessions: Sessions
  readonly schema: Schema
  readonly namespace: string
  readonly closing: AbortSignal
}

/** `fp.enqueueFlow`. */
export function enqueueFlowCall({ sessions, schema, namespace, closing }: FlowParts): EnqueueFlowCall {
  return async (flow, { tx } = {}) => {
    const values = [JSON.stringify(await encode(flow, namespace))]
    closing.throwIfAborted()
    const { session } = await sessions.main()
    const text = 'select cast(fencepost.enqueue_flow(cast($1 as jsonb)) as text) as ids'
    const rows =
      tx === undefined
        ? await session.query<Row>(text, values, 'enqueue_flow')
        : (await asQueryable(tx).query<Row>(schema.place(withinTransaction(text)), values)).rows
    const ids = parseInt8Array(rows[0]?.ids ?? '{}').map(Number)
    return shape(flow, ids.values())
  }
}

interface Row {
  readonly ids: string
}

function withinTransaction(text: string): string {
  return text.replace('select ', 'select fencepost.require_transaction(), ')
}

/** As fencepost.enqueue_flow reads it. */
async function encode({ job, payload, options = {}, children = [] }: AnyFlow, namespace: string): Promise<object> {
  if (typeof job?.name !== 'string') throw new TypeError('each job of a flow must be what defineJob returns')
  checkKnown(options, KNOWN, 'the options of a flow')
  const terms = parseTerms(job, options, namespace)
  const { json, value } = await encodePayload(job, payload)
  const { group = job.group?.(value) } = options
  checkGroup(group)
  return {
    name: terms.jobName,
    payload: JSON.parse(json) as unknown,
    queue: terms.queue,
    priority: terms.priority,
    attempts: terms.attempts,
    keep: intervalOf(terms.keepMs),
    delay: intervalOf(terms.delayMs),
    group,
    isLimited: terms.isLimited,
    children: await Promise.all(children.map(async (child) => await encode(child, namespace))),
  }
}

function intervalOf(ms: number | null): string | undefined {
  return ms === null ? undefined : `${ms} milliseconds`
}

/** The ids come each parent before its children. */
function shape({ children = [] }: AnyFlow, ids: Iterator<number>): EnqueuedFlow {
  const id = ids.next().value
  return { id, children: children.map((child) => shape(child, ids)) }
}
