const HOSTS = /-pooler\.|(^|\.)pooled?r?\./

/** What points at a pooler in transaction mode in how the server is reached. What is there is proved by the connections, not by this. */
export function hintsOf({ url, host, port }: { url: string; host: string; port: number }): string[] {
  const hints: string[] = []
  if (HOSTS.test(host)) hints.push(`host ${host}`)
  // Supavisor's transaction mode; where PgBouncer listens unless it is told otherwise.
  if (port === 6543 || port === 6432) hints.push(`port ${port}`)
  if (/[?&]pgbouncer=true\b/.test(url)) hints.push('pgbouncer=true')
  return hints
}
