import type { Mode } from './mode.ts'

/** Who holds a lock, as the server tells it. */
export interface Holder {
  readonly mode: Mode
  /** Null for a lock that was not taken through fencepost. */
  readonly token: number | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`. */
  readonly process: number | null
  /** Process id of the server's backend, as in pg_stat_activity; null for a prepared transaction, and where locks are not in PostgreSQL. */
  readonly backend: number | null
  readonly acquiredAt: Date | null
}

export function describeHolder(holder: Holder | null): string {
  if (holder === null) return 'nobody is known to hold it now'
  const application = holder.application || 'an unnamed application'
  const process = holder.host === null ? '' : ` on ${holder.host} (pid ${holder.process})`
  const since = holder.acquiredAt === null ? '' : ` since ${holder.acquiredAt.toISOString()}`
  return `held by ${application}${process}${backendOf(holder)}${since}`
}

function backendOf({ backend, host }: Holder): string {
  if (backend !== null) return `, backend ${backend}`
  return host === null ? ', backend of a prepared transaction' : ''
}
