import { type Duration, parseDuration } from '../ground/duration.ts'
import { checkQueue, checkText } from '../queue/queue-name.ts'
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

/** Whose jobs are limited: those of a queue, those of a name (in all namespaces), or those of each group of a queue. */
export type Limited =
  | { readonly queue: string; readonly job?: undefined; readonly groupsOf?: undefined }
  | { readonly job: string; readonly queue?: undefined; readonly groupsOf?: undefined }
  | { readonly groupsOf: string; readonly queue?: undefined; readonly job?: undefined }

/** Over all workers. */
export interface JobLimits {
  /** How many may run at once. */
  readonly concurrency?: number
  /** How many may begin in an interval. */
  readonly rate?: { readonly limit: number; readonly per: Duration }
}

const LONGEST_MS = 36_500 * 86_400_000
const STATES = ['ready', 'delayed', 'waiting', 'running', 'done', 'dead', 'cancelled']
const MOST = 10_000

/** @throws {TypeError} */
export function checkList(options: ListJobsOptions): Required<Pick<ListJobsOptions, 'limit'>> & ListJobsOptions {
  checkKnown(options, ['queue', 'name', 'state', 'limit', 'before'])
  const { state, before, limit = 100 } = options
  if (state !== undefined && !STATES.includes(state)) {
    throw new TypeError(`state must be one of ${STATES.join(', ')}; got '${state}'`)
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

/** What `limit_jobs` takes. @throws {TypeError} */
export function checkLimits(limited: Limited, limits: JobLimits) {
  checkKnown(limited, ['queue', 'job', 'groupsOf'])
  checkKnown(limits, ['concurrency', 'rate'])
  const { queue, job, groupsOf } = limited
  const [scope, name] = job !== undefined ? ['job', job] : queue !== undefined ? ['queue', queue] : ['group', groupsOf]
  if (Object.keys(limited).length !== 1) throw new TypeError('limit() takes one of queue, job and groupsOf')
  if (scope === 'job') checkText(name, 'the name of a job', { most: 200, unit: 'characters' })
  else checkQueue(name)
  const { concurrency, rate } = limits
  if (concurrency !== undefined) checkWhole(concurrency, 'concurrency')
  if (rate !== undefined) checkWhole(rate.limit, 'rate.limit')
  const perMs = rate === undefined ? null : parseDuration(rate.per, 'rate.per', LONGEST_MS)
  if (perMs === 0) throw new TypeError(`rate.per must be longer than '0s'`)
  return { scope, name, concurrency: concurrency ?? null, rate: rate?.limit ?? null, perMs }
}

function checkWhole(count: unknown, option: string): void {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > 2 ** 31 - 1) {
    throw new TypeError(`${option} must be a whole number above 0; got ${String(count)}`)
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
