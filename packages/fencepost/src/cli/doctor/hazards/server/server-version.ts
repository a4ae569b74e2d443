import type { Hazard, Server, Verdict } from '../../hazard.ts'

type Facts = Pick<Server, 'version' | 'banner'>

const NEEDS_POSTGRES = 'move what needs locks or jobs to PostgreSQL'

// By the words of their own version(); those that speak the protocol and are no PostgreSQL, or only nearly.
const LOOKALIKES: [banner: RegExp, verdict: Verdict][] = [
  [
    /CockroachDB/i,
    {
      level: 'danger',
      what: 'CockroachDB: its pg_advisory_lock does nothing and says true, so everybody holds every lock',
      mend: NEEDS_POSTGRES,
    },
  ],
  [
    /-YB-|Yugabyte/i,
    {
      level: 'warning',
      what: 'YugabyteDB: advisory locks only from 2025.1, no SKIP LOCKED in serializable transactions, LISTEN only as a preview; none of it was tried by us',
      mend: NEEDS_POSTGRES,
    },
  ],
  [
    /Doltgres/i,
    {
      level: 'danger',
      what: 'Doltgres: it lacks advisory locks of transactions, FOR UPDATE and SKIP LOCKED',
      mend: NEEDS_POSTGRES,
    },
  ],
  [
    /Aurora DSQL|\bDSQL\b/i,
    {
      level: 'danger',
      what: 'Aurora DSQL: it has no advisory locks, triggers, sequences and plpgsql',
      mend: NEEDS_POSTGRES,
    },
  ],
  [
    /emcc|Emscripten/i,
    {
      level: 'danger',
      what: 'PGlite: one backend serves all its connections, so each of them holds the locks of all',
      mend: 'npx fencepost dev starts a real PostgreSQL',
    },
  ],
]

export const serverVersion: Hazard<Facts> = {
  id: 'server-version',
  collect: (_, server) => Promise.resolve(server),

  judge({ version, banner }) {
    const [, lookalike] = LOOKALIKES.find(([known]) => known.test(banner)) ?? []
    if (lookalike !== undefined) return lookalike
    const name = /^PostgreSQL \S+/.exec(banner)?.[0] ?? banner
    if (version < 130000) {
      return { level: 'danger', what: `${name} is not supported`, mend: 'upgrade to PostgreSQL 14 or newer' }
    }
    if (version < 140000) {
      return {
        level: 'warning',
        what: `${name} has no idle_session_timeout: a frozen process keeps its locks until somebody ends its backend (P4)`,
        mend: 'upgrade to PostgreSQL 14 or newer',
      }
    }
    return { level: 'fine', what: `${name} keeps all promises` }
  },
}
