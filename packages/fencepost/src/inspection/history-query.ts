import { checkName } from '../ground/name.ts'
import type { HistoryQuery } from './history-entry.ts'

export interface ListHistoryOptions {
  /** How many entries at most, 1 to 100,000. Default 100. */
  readonly limit?: number
  /** Only entries older than the one with this id: the last of a page gives the next. */
  readonly before?: number
}

const KNOWN = ['limit', 'before']
const MOST = 100_000

/** @throws {TypeError} for a name, an option or a number that cannot be right. */
export function parseHistoryQuery(
  name: string | undefined,
  namespace: string,
  options: ListHistoryOptions,
): HistoryQuery {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  if (name !== undefined) checkName(name)
  const { limit = 100, before } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new TypeError(`limit must be a whole number from 1 to ${MOST}; got ${String(limit)}`)
  }
  if (before !== undefined && !(Number.isSafeInteger(before) && before > 0)) {
    throw new TypeError(`before must be the id of an entry; got ${String(before)}`)
  }
  return { name: name ?? null, namespace, limit, before: before ?? null }
}
