import { knownKeys, knownRange } from '../../foreign/known-keys.ts'
import { gateOf } from '../../ground/key.ts'
import type { Mode } from '../../ground/mode.ts'
import type { Ask } from './catalog.ts'
import type { Setting } from './read-sight.ts'
import type { SeenLock } from './seen-lock.ts'

/** A lock as the server tells it, before anybody is asked what its backend does. */
export type ListedLock = Omit<SeenLock, 'doing'>

interface Row {
  readonly state: SeenLock['state']
  readonly mode: Mode
  readonly key: string | null
  readonly first: number | null
  readonly second: number | null
  readonly backend: number | null
  readonly sinceMs: number | null
  readonly forMs: number | null
}

// As advisory_locks reads them.
const RAW = `
  select case when granted then 'held' else 'waiting' end as state, case lock.mode when 'ShareLock' then 'shared' else 'exclusive' end as mode,
    case objsubid when 1 then (classid::bigint << 32) | objid::bigint end as key,
    case objsubid when 2 then classid::integer end as first, case objsubid when 2 then objid::integer end as second, pid as backend,
    case when not granted then extract(epoch from (to_jsonb(lock) ->> 'waitstart')::timestamptz)::float8 * 1000 end as "sinceMs",
    case when not granted then extract(epoch from clock_timestamp() - (to_jsonb(lock) ->> 'waitstart')::timestamptz)::float8 * 1000 end as "forMs"
  from pg_locks as lock
  where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
  order by "forMs" desc nulls last`
const SMALLEST_TOKEN = 1024n << 32n
const TOKEN_BITS = 53n

/**
 * The advisory locks of a database without our schema, or of one in which this role may not read it. Whose they are, and the tokens of ours, the
 * keys tell themselves; what only belongs to a lock of ours is left out, as far as the keys show it.
 */
export async function readRawLocks(ask: Ask, setting: Setting): Promise<ListedLock[]> {
  const rows = await ask<Row>(RAW)
  const known = knownKeys(setting)
  const tokens = tokensOf(rows)
  const inside = new Set(rows.flatMap(({ key }) => (key === null ? [] : besides(BigInt(key)))))
  for (const { key, token } of tokens.values()) inside.add(gateOf(key) ^ token)
  const places = new Map<string, number>()
  return rows
    .filter(({ key }) => key === null || !inside.has(BigInt(key)))
    .map((row) => {
      const { state, mode, backend, forMs } = row
      const key = keyOf(row)
      const position = state === 'held' ? null : (places.get(String(key)) ?? 0) + 1
      if (position !== null) places.set(String(key), position)
      const token = tokens.get(row)?.token
      const means = (typeof key === 'bigint' ? known.get(key) : undefined) ?? knownRange(key)
      const since = row.sinceMs === null ? null : new Date(row.sinceMs)
      const nobody = { name: null, namespace: null, application: null, host: null, process: null }
      return {
        ...nobody,
        state,
        key,
        means,
        mode,
        token: token === undefined ? null : Number(token),
        backend,
        since,
        forMs,
        position,
      }
    })
}

function keyOf({ key, first, second }: Row): SeenLock['key'] {
  return key === null ? [first ?? 0, second ?? 0] : BigInt(key)
}

/** The gate, the line and the mutex of a lock of ours. */
function besides(key: bigint): bigint[] {
  const gate = gateOf(key)
  return [gate, gate ^ 1n, gate ^ 2n]
}

/** Whoever holds a lock of ours holds the key of its token too, in the same mode: both together tell it. */
function tokensOf(rows: readonly Row[]): Map<Row, { key: bigint; token: bigint }> {
  const held = rows.filter(({ key, state }) => key !== null && state === 'held')
  const byStart = new Map<string, bigint[]>()
  for (const row of held) {
    const key = BigInt(row.key ?? 0)
    const start = startOf(row, key)
    byStart.set(start, [...(byStart.get(start) ?? []), key])
  }
  const tokens = new Map<Row, { key: bigint; token: bigint }>()
  for (const row of held) {
    const key = BigInt(row.key ?? 0)
    const gate = gateOf(key)
    const token = byStart
      .get(startOf(row, gate))
      ?.map((other) => gate ^ other)
      .find(isToken)
    if (token !== undefined) tokens.set(row, { key, token })
  }
  return tokens
}

/** A gate and a token key differ in the bits that a token has, and in no other. */
function startOf({ backend, mode }: Row, key: bigint): string {
  return `${backend} ${mode} ${key >> TOKEN_BITS}`
}

function isToken(number: bigint): boolean {
  return number >= SMALLEST_TOKEN && number < 1n << TOKEN_BITS
}
