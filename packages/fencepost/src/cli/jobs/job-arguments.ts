import { InvalidArgumentError } from 'commander'

/** The id of a job. */
export function jobId(text: string): number {
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new InvalidArgumentError('It must be the id of a job, a whole number above 0.')
}

export function jobIds(text: string, before: readonly number[] = []): readonly number[] {
  return [...before, jobId(text)]
}

/** `--limit` and its like. */
export function wholeNumber(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
