import { checkQueue } from '../queue/queue-name.ts'
import type { JobState } from './job-record.ts'

/** Which jobs are listed. */
export interface ListJobsOptions {
  readonly queue?: string
  /** Of a job's definition. */
  readonly name?: string
  readonly state?: JobState
  /** Default 100, at most 10 000. */
  readonly limit?: number
  /** Only those with smaller ids: the next page. */
  readonly before?: number
}

/** Which dead jobs begin anew. */
export interface RedriveOptions {
  readonly queue?: string
  /** Of a job's definition. */
  readonly name?: string
  /** Default 1000, at most 10 000. */
  readonly limit?: number
}

const STATES = ['ready', 'delayed', 'waiting', 'running', 'done', 'dead', 'cancelled']
const MOST = 10_000

/** @throws {TypeError} */
export function checkList(options: ListJobsOptions): Required<Pick<ListJobsOptions, 'limit'>> & ListJobsOptions {
  checkKnown(options, ['queue', 'name', 'state', 'limit', 'before'])
  const { state, before, limit = 100 } = options
  if (state !== undefined && !STATES.includes(state)) {
    throw new TypeError(`state must be one of ${STATES.join(', ')}; got '${String(state)}'`)
  }
  if (before !== undefined) checkId(before)
  return { ...checkWhich({ ...options, limit }), ...(state && { state }), ...(before !== undefined && { before }) }
}

/** @throws {TypeError} */
export function checkRedrive(options: RedriveOptions): Required<Pick<RedriveOptions, 'limit'>> & RedriveOptions {
  checkKnown(options, ['queue', 'name', 'limit'])
  return checkWhich({ limit: 1000, ...options })
}

/** @throws {TypeError} unless it is what `enqueue` gives as the id of a job. */
export function checkId(id: unknown): asserts id is number {
  if (!Number.isSafeInteger(id) || (id as number) < 1) throw new TypeError(`a job's id is a number; got ${String(id)}`)
}

/** @throws {TypeError} */
export function checkLimit(limit: unknown): asserts limit is number {
  if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > MOST) {
    throw new TypeError(`limit must be a whole number from 1 to ${MOST}; got ${String(limit)}`)
  }
}

function checkWhich({ queue, name, limit }: RedriveOptions & { limit: number }) {
  if (queue !== undefined) checkQueue(queue)
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`a job's name is a text; got ${typeof name}`)
  checkLimit(limit)
  return { limit, ...(queue !== undefined && { queue }), ...(name !== undefined && { name }) }
}

function checkKnown(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options are an object; got ${String(options)}`)
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${known.join(', ')}`)
  }
}
