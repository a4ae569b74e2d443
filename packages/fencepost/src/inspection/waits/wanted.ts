import { knownKeys, knownRange } from '../../foreign/known-keys.ts'
import { gateOf } from '../../ground/key.ts'
import type { Setting } from '../survey/read-sight.ts'

/** What a backend waits for, as pg_locks has it. */
export interface Wanted {
  readonly kind: string
  readonly relation: string | null
  /** The table of the row a transaction is waited for. */
  readonly row: string | null
  readonly key: string | null
  readonly first: number | null
  readonly second: number | null
  readonly transaction: string | null
}

/** Says it by name: of the lock, of the program whose key it is, of the table. @param names of our locks, by their keys. */
export function namer(setting: Setting, names: ReadonlyMap<bigint, string>): (wanted: Wanted) => string {
  const known = knownKeys(setting)
  const ours = new Map<bigint, string>()
  for (const [key, name] of names) {
    const gate = gateOf(key)
    ours.set(key, `lock "${name}"`)
    ours.set(gate, `guarded transactions of "${name}"`)
    ours.set(gate ^ 2n, `readers of "${name}" to come and go`)
  }
  return (wanted) => {
    if (wanted.kind !== 'advisory') return ofTheServer(wanted)
    if (wanted.key === null) {
      const pair = [wanted.first ?? 0, wanted.second ?? 0] as const
      return foreignKey(pair.join(','), knownRange(pair))
    }
    const key = BigInt(wanted.key)
    return ours.get(key) ?? foreignKey(wanted.key, known.get(key) ?? knownRange(key))
  }
}

function foreignKey(key: string, means: string | null): string {
  return means === null ? `advisory key ${key}` : `${means} (advisory key ${key})`
}

function ofTheServer({ kind, relation, row, transaction }: Wanted): string {
  switch (kind) {
    case 'transactionid':
      return row === null ? `transaction ${transaction}` : `a row of ${row}`
    case 'tuple':
      return `a row of ${relation}`
    case 'relation':
      return `table ${relation}`
    case 'virtualxid':
      return 'a transaction to end'
    default:
      return relation === null ? kind : `${kind} of ${relation}`
  }
}
