import type { Hazard } from '../../hazard.ts'

const HOSTS = /-pooler\.|(^|\.)pooled?r?\./

/** Only what the proof has not said already. */
export const urlHints: Hazard<readonly string[]> = {
  id: 'url-hints',
  applies: ({ hints }) => hints.length > 0,
  collect: (_, { hints }) => Promise.resolve(hints),

  judge(hints, { pooler: { mode, directly } }) {
    const what = `${hints.join(' and ')} in the URL ${hints.length === 1 ? 'points' : 'point'} at a pooler in transaction mode`
    if (mode === 'transaction') return { level: 'fine', what: `${what}, and there is one: see pooler` }
    if (mode === 'unknown') return { level: 'warning', what, mend: directly }
    const instead = mode === 'none' ? 'the connections are the server’s own' : 'this one is in session mode'
    return { level: 'note', what: `${what}, but ${instead}` }
  },
}

/** What points at a pooler in transaction mode in how the server is reached. What is there is proved by the connections, not by this. */
export function hintsOf({ url, host, port }: { url: string; host: string; port: number }): string[] {
  const hints: string[] = []
  if (HOSTS.test(host)) hints.push(`host ${host}`)
  // Supavisor's transaction mode; where PgBouncer listens unless it is told otherwise.
  if (port === 6543 || port === 6432) hints.push(`port ${port}`)
  if (/[?&]pgbouncer=true\b/.test(url)) hints.push('pgbouncer=true')
  return hints
}
