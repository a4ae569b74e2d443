import { parseInt8Array } from './int8-array.ts'

/** By the oid of the type: boolean, integer, double precision, bigint[]; all else is text. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [23, Number],
  [701, Number],
  [1016, parseInt8Array],
])

/** How our own rows are read, whatever parsers the application has set for its. */
export const types = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? String }
