import type { PoolerReport } from '../../../../index.ts'
import type { Hazard, Server, Verdict } from '../../hazard.ts'

/** Proved by connections of our own before anything else was sent: docs/doctor.md. */
export const pooler = {
  id: 'pooler',
  collect: (_: unknown, server: Server) => Promise.resolve(server.pooler),

  judge({ mode, where, directly }: PoolerReport): Verdict {
    if (mode === 'transaction') {
      return {
        level: 'danger',
        what: `${where} is a pooler in transaction mode, proved by two connections of ours on one backend: session locks leak to others, and settings too`,
        mend: directly,
      }
    }
    if (mode === 'unknown') {
      return {
        level: 'warning',
        what: `${where} is a pooler that served no second connection within 5 s, so its mode was not told`,
        mend: `${directly}; or raise the size of its pool and look again`,
      }
    }
    if (mode === 'session')
      return { level: 'fine', what: 'a pooler in session mode, which keeps locks and waiters apart' }
    return { level: 'fine', what: 'no pooler: these are the connections of the server itself' }
  },
} satisfies Hazard<PoolerReport>
