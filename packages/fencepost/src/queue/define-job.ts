import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Job, JobContext, JobKind, RetryOptions, StandardSchema } from './job.ts'
import { checkQueue, checkText } from './queue-name.ts'

/** No timer of this process counts these. */
const LONGEST_MS = 36_500 * 86_400_000
const MOST_ATTEMPTS = 1000
const KNOWN = 'name schema queue priority timeout keep retry concurrency rate group run'.split(' ')
const RETRY = 'attempts delay factor maxDelay decide'.split(' ')

type AnySchema = StandardSchema<unknown, unknown>
/** What goes into a schema, and what comes out of it. */
export type InputOf<Schema extends AnySchema> = NonNullable<Schema['~standard']['types']>['input']
export type OutputOf<Schema extends AnySchema> = NonNullable<Schema['~standard']['types']>['output']

type Common = Omit<JobKind, 'schema' | 'group'>
type Run<Payload, Result> = (payload: Payload, job: JobContext) => Promise<Result> | Result

interface WithSchema<Schema extends AnySchema> extends Common {
  readonly schema: Schema
  readonly group?: (payload: OutputOf<Schema>) => string
}

interface WithoutSchema<Payload> extends Common {
  readonly schema?: undefined
  readonly group?: (payload: Payload) => string
}

/**
 * Defines a kind of job: its name, the schema of its payload (any Standard Schema: zod, valibot, arktype), how it is tried,
 * limited and run. Without a schema the payload is JSON of the type that `run` takes. A program that only enqueues leaves `run` out.
 *
 * @throws {TypeError} for an option that does not exist or cannot be right.
 */
export function defineJob<Schema extends AnySchema, Result>(
  definition: WithSchema<Schema> & { readonly run: Run<OutputOf<Schema>, Result> },
): Job<InputOf<Schema>, OutputOf<Schema>, Result>
export function defineJob<Schema extends AnySchema>(
  definition: WithSchema<Schema> & { readonly run?: undefined },
): JobKind<InputOf<Schema>, OutputOf<Schema>>
export function defineJob<Payload, Result>(
  definition: WithoutSchema<Payload> & { readonly run: Run<Payload, Result> },
): Job<Payload, Payload, Result>
export function defineJob<Payload>(definition: WithoutSchema<Payload> & { readonly run?: undefined }): JobKind<Payload>
export function defineJob(definition: object): object {
  checkKnown(definition, KNOWN, 'a job')
  const { name, schema, queue, run, group, retry, ...numbers } = definition as Partial<Job>
  checkText(name, 'the name of a job', { most: 200, unit: 'characters' })
  if (queue !== undefined) checkQueue(queue)
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function') {
    throw new TypeError('schema must be a Standard Schema, as those of zod, valibot and arktype are')
  }
  checkFunction(run, 'run')
  checkFunction(group, 'group')
  checkRetry(retry)
  checkNumbers(numbers)
  return Object.freeze({ ...definition })
}

/** How many attempts a job has. */
export function attemptsOf(job: Pick<JobKind, 'retry'>): number {
  return job.retry?.attempts ?? 5
}

/** @throws {TypeError} unless it is a whole number that PostgreSQL's integer holds. */
export function checkPriority(priority: unknown): asserts priority is number {
  checkWhole(priority, 'priority', -(2 ** 31), 2 ** 31 - 1)
}

/** In ms. @throws {TypeError} for nothing, and for more than a century. */
export function parseKeep(keep: Duration): number {
  return parseLong(keep, 'keep')
}

/** @throws {TypeError} for an object that is none, or a member of it that does not exist. */
export function checkKnown(given: unknown, known: readonly string[], what: string): void {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${what} must be an object; got ${String(given)}`)
  for (const option of Object.keys(given)) {
    if (!known.includes(option)) throw new TypeError(`${what} has no option '${option}'; there are ${known.join(', ')}`)
  }
}

function checkNumbers({ priority, timeout, keep, concurrency, rate }: Partial<JobKind>): void {
  if (priority !== undefined) checkPriority(priority)
  if (timeout !== undefined && parseDuration(timeout, 'timeout') === 0)
    throw new TypeError("timeout must be longer than '0s'")
  if (keep !== undefined) parseKeep(keep)
  if (concurrency !== undefined) checkWhole(concurrency, 'concurrency', 1, 2 ** 31 - 1)
  if (rate === undefined) return
  checkKnown(rate, ['limit', 'per'], 'rate')
  checkWhole(rate.limit, 'rate.limit', 1, 2 ** 31 - 1)
  parseLong(rate.per, 'rate.per')
}

function checkRetry(retry: RetryOptions | undefined): void {
  if (retry === undefined) return
  checkKnown(retry, RETRY, 'retry')
  const { attempts, delay, factor, maxDelay, decide } = retry
  if (attempts !== undefined) checkWhole(attempts, 'retry.attempts', 1, MOST_ATTEMPTS)
  if (delay !== undefined) parseDuration(delay, 'retry.delay', LONGEST_MS)
  if (maxDelay !== undefined) parseDuration(maxDelay, 'retry.maxDelay', LONGEST_MS)
  if (factor !== undefined && !(Number.isFinite(factor) && factor >= 1)) {
    throw new TypeError(`retry.factor must be a number of at least 1; got ${String(factor)}`)
  }
  checkFunction(decide, 'retry.decide')
}

function checkFunction(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== 'function')
    throw new TypeError(`${option} must be a function; got ${typeof value}`)
}

function checkWhole(value: unknown, option: string, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new TypeError(`${option} must be a whole number from ${least} to ${most}; got ${String(value)}`)
  }
}

function parseLong(duration: Duration, option: string): number {
  const ms = parseDuration(duration, option, LONGEST_MS)
  if (ms === 0) throw new TypeError(`${option} must be longer than '0s'`)
  return ms
}
