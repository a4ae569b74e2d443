import type { Schema } from '../../postgres/schema.ts'
import { inOrderOfGrants } from '../order-of-grants.ts'
import { type Ask, askOr } from './catalog.ts'
import { type ListedLock, readRawLocks } from './raw-locks.ts'
import { type Backend, readDoing } from './read-doing.ts'
import { notesOf, readSetting } from './read-sight.ts'
import type { SeenLock, SeenLocks } from './seen-lock.ts'

interface Row extends Omit<ListedLock, 'key' | 'token' | 'since'> {
  readonly key: string | null
  readonly first: number
  readonly second: number
  readonly token: string | null
  readonly sinceMs: number | null
}

const NAMED = `
  select state, namespace, name, mode, token, application, host, process, backend, position, key, pair[1] as first, pair[2] as second,
    means, extract(epoch from since)::float8 * 1000 as "sinceMs", extract(epoch from coalesce(held_for, waited))::float8 * 1000 as "forMs"
  from fencepost.list_locks()`

/** Every lock of the database, with whatever our schema tells of it if it can be read. */
export async function readSeenLocks(ask: Ask, schema: Schema): Promise<SeenLocks> {
  const setting = await readSetting(ask, schema)
  const named = setting.isInstalled ? await askOr(ask, () => ask<Row>(NAMED)) : null
  const isNamed = Array.isArray(named)
  const locks = isNamed ? named.map(listed) : await readRawLocks(ask, setting)
  const backends = locks.map(({ backend }) => backend)
  const doing = await readDoing(ask, backends)
  return {
    database: setting.database,
    role: setting.role,
    isNamed,
    notes: notesOf(setting, schema, named === null || isNamed ? null : named.refused),
    locks: inOrder(locks.map((lock) => withDoing(lock, doing))),
  }
}

function listed({ key, first, second, token, sinceMs, ...row }: Row): ListedLock {
  return {
    ...row,
    key: key === null ? [first, second] : BigInt(key),
    token: token === null ? null : Number(token),
    since: sinceMs === null ? null : new Date(sinceMs),
  }
}

function withDoing(lock: ListedLock, doing: ReadonlyMap<number, Backend>): SeenLock {
  const found = lock.backend === null ? undefined : doing.get(lock.backend)
  if (found === undefined) return { ...lock, doing: null }
  const { backend: _, application, host, ...rest } = found
  return { ...lock, application: lock.application ?? application, host: lock.host ?? host, doing: rest }
}

/** First what is held, longest first, what is too young to be known last; then the lines. */
function inOrder(locks: readonly SeenLock[]): SeenLock[] {
  const held = inOrderOfGrants(
    locks.filter(({ state }) => state === 'held'),
    ({ forMs }) => forMs,
  )
  const waiting = locks
    .filter(({ state }) => state === 'waiting')
    .toSorted((one, other) => lineOf(one).localeCompare(lineOf(other)) || (one.position ?? 0) - (other.position ?? 0))
  return [...held, ...waiting]
}

function lineOf({ name, key }: SeenLock): string {
  return name ?? String(key)
}
