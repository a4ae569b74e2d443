/** What a verdict says of a session of the server. */
export interface SessionFacts {
  readonly backend: number
  /** What it calls itself; others may call themselves anything. */
  readonly application: string | null
  readonly role: string | null
  /** Null over a Unix socket. */
  readonly host: string | null
}

/** For the select list of a query over `pg_stat_activity as activity`. */
export const SESSION_COLUMNS = `activity.pid as backend, nullif(activity.application_name, '') as application, activity.usename::text as role,
  host(activity.client_addr) as host`

/** `backend 4711 (prisma, role app, 10.0.0.4)`. */
export function sessionText({ backend, application, role, host }: SessionFacts): string {
  const known = [application, role === null ? null : `role ${role}`, host].filter((part) => part !== null)
  return known.length === 0 ? `backend ${backend}` : `backend ${backend} (${known.join(', ')})`
}

/** Takes its right away from whoever holds too long. */
export function terminate({ backend }: SessionFacts): string {
  return `select pg_terminate_backend(${backend});`
}
