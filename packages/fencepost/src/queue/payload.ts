import { asError } from '../ground/as-error.ts'
import { JobPayloadError } from './enqueue-errors.ts'
import type { JobKind, SchemaResult } from './job.ts'

/** A payload as it is stored, and as the job's functions get it. */
export interface EncodedPayload<Output> {
  readonly json: string
  readonly value: Output
}

// What JSON escapes and jsonb refuses: NUL, and half of a pair. An even number of backslashes before it escapes nothing.
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/

/**
 * Writes a payload down. The schema judges what the worker will read, so what does not survive the way through JSON, as a `Date`, is told here.
 * A promise only where the schema is asynchronous.
 *
 * @throws {JobPayloadError} for what the schema refuses, and for what JSON or the database cannot carry.
 */
export function encodePayload<Input, Output>(
  job: JobKind<Input, Output>,
  payload: Input,
): EncodedPayload<Output> | Promise<EncodedPayload<Output>> {
  const json = stringify(job.name, payload)
  // Without a schema the two are one type.
  if (job.schema === undefined) return { json, value: payload as unknown as Output }
  const value = checkPayload(job, JSON.parse(json))
  return value instanceof Promise ? value.then((checked) => ({ json, value: checked })) : { json, value }
}

/** Reads a stored payload, for the worker. @throws {JobPayloadError} for what the schema of the job, as it is now, refuses. */
export async function parsePayload<Input, Output>(job: JobKind<Input, Output>, json: string): Promise<Output> {
  return await checkPayload(job, JSON.parse(json))
}

/** The same for a payload that was read from its JSON; a promise only where the schema is asynchronous. */
export function checkPayload<Input, Output>(job: JobKind<Input, Output>, payload: unknown): Output | Promise<Output> {
  if (job.schema === undefined) return payload as Output
  const checked = job.schema['~standard'].validate(payload)
  return checked instanceof Promise ? checked.then((result) => valueOf(job, result)) : valueOf(job, checked)
}

/** Whether jsonb takes what `JSON.stringify` has made. */
export function isStorable(json: string): boolean {
  return !json.includes('\\u') || !UNSTORABLE.test(json)
}

function stringify(jobName: string, payload: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (cause) {
    throw new JobPayloadError(jobName, [{ message: `it cannot be written as JSON: ${asError(cause).message}` }], {
      cause,
    })
  }
  // Nothing, and functions, have no JSON.
  const json = text ?? 'null'
  if (!isStorable(json)) {
    throw new JobPayloadError(jobName, [{ message: 'PostgreSQL cannot store NUL or a lone surrogate; leave them out' }])
  }
  return json
}

function valueOf<Input, Output>(job: JobKind<Input, Output>, result: SchemaResult<Output>): Output {
  if (result.issues !== undefined) throw new JobPayloadError(job.name, result.issues)
  return result.value
}
