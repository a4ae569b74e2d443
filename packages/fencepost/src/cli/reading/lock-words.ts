import type { Doing, Holder, SeenLock } from '../../index.ts'
import { age } from '../show/age.ts'

type LockTitle = Pick<SeenLock, 'name' | 'namespace' | 'means' | 'key'>
type Who = Pick<Holder, 'application' | 'host' | 'process' | 'backend'>

/** What a lock is called: its name and, unless that is `default`, its namespace; else whose key it is, or the key itself. */
export function lockTitle({ name, namespace, means, key }: LockTitle): string {
  if (name !== null) return namespace === null || namespace === 'default' ? name : `${name} in ${namespace}`
  return means === null ? `key ${keyText(key)}` : `${means} (key ${keyText(key)})`
}

export function keyText(key: SeenLock['key']): string {
  return typeof key === 'bigint' ? String(key) : key.join(',')
}

/** `payouts@db-1, pid 991, backend 4711` */
export function whoText({ application, host, process, backend }: Who): string {
  const name = `${application || 'an unnamed application'}${host === null ? '' : `@${host}`}`
  const parts = [name, process === null ? '' : `pid ${process}`, backend === null ? 'prepared' : `backend ${backend}`]
  return parts.filter((part) => part !== '').join(', ')
}

/** What a backend does, of one line. A session of ours beats while it holds: when it was heard of last says whether its process runs. */
export function doingText({ doing, process }: Pick<SeenLock, 'doing' | 'process'>): string | null {
  if (doing === null) return null
  if (doing.isHidden) return 'hidden from this role'
  const { state, stateMs, transactionMs, blockedBy, waits } = doing
  if (process !== null && state === 'idle') return `heard ${age(stateMs)} ago`
  const query = queryText(doing)
  if (blockedBy.length > 0) return `waits for ${blockers(blockedBy)}${query}`
  const since = state?.startsWith('idle in transaction') ? transactionMs : stateMs
  return `${state ?? 'unknown'} ${age(since) ?? ''}${waits === null ? '' : ` (${waits})`}${query}`
}

function queryText({ query }: Doing): string {
  return query === null ? '' : `: ${query.replaceAll(/\s+/g, ' ').trim()}`
}

function blockers(blockedBy: readonly number[]): string {
  return blockedBy.map((backend) => (backend === 0 ? 'a prepared transaction' : `backend ${backend}`)).join(', ')
}
