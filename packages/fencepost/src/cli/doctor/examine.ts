import { findPooler, type PoolerReport, survey } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import type { Hazard, Level, Server, Verdict } from './hazard.ts'
import { pooler } from './hazards/server/pooler.ts'
import { Look } from './look.ts'
import { serverFacts } from './server-facts.ts'

export interface Told extends Verdict {
  readonly hazard: string
}

export interface Report {
  /** Host, port and database. */
  readonly where: string
  readonly server: string
  /** The worst first. */
  readonly verdicts: readonly Told[]
}

export interface Examined {
  readonly target: string | object
  readonly schema: string
  readonly olderThanMs: number
  readonly hazards: readonly Hazard<unknown>[]
}

const LEVELS: readonly Level[] = ['danger', 'warning', 'unseen', 'note', 'fine']

/** Looks at a database, any one, and judges what it finds. Nothing is installed and nothing left behind. */
export async function examine({ target, schema, olderThanMs, hazards }: Examined): Promise<Report> {
  const found = await findPooler(target).catch(explain)
  await using over = survey(target, { schema, application: 'fencepost doctor' })
  const look = new Look(over)
  const facts = { target, pooler: found, schema, olderThanMs }
  const server = await serverFacts(look, facts).catch((error: Error) => withoutLook(found, error))
  if ('verdicts' in server) return server
  const verdicts: Told[] = []
  for (const hazard of hazards) verdicts.push(...(await verdictsOn(hazard, look, server)))
  const worst = verdicts.toSorted((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level))
  return { where: found.where, server: /^\S+ \S+/.exec(server.banner)?.[0] ?? server.banner, verdicts: worst }
}

/** A pooler may let nobody begin a transaction, and nothing is looked at outside of one: then that is what there is to tell. */
function withoutLook(report: PoolerReport, error: Error): Report {
  if (report.mode !== 'transaction') throw error
  const what = `everything else could not be looked at: ${error.message}`
  const verdicts = [pooler.judge(report), { level: 'unseen', what } as const]
  return {
    where: report.where,
    server: 'behind it nobody knows',
    verdicts: verdicts.map((one) => ({ hazard: 'pooler', ...one })),
  }
}

async function verdictsOn(hazard: Hazard<unknown>, look: Look, server: Server): Promise<Told[]> {
  if (hazard.applies?.(server) === false) return []
  const found = await hazard.collect(look, server).then(
    (facts) => hazard.judge(facts, server),
    (error: unknown) => unseen(error, server),
  )
  return [found].flat().map((verdict) => ({ hazard: hazard.id, ...verdict }))
}

/** The server's own words why it did not show something. A server that shows nothing any more is out of reach. */
function unseen(error: unknown, { role, hasSchema, schema }: Server): Verdict {
  const said = (error as Error).cause ?? error
  const { code, message } = said as { code?: string; message: string }
  if (code === undefined || /^(08|57P|[A-Z]{6})/.test(code)) throw error
  const what = `could not be looked at: ${message}`
  if (code !== '42501') return { level: 'unseen', what }
  const name = `"${role.replaceAll('"', '""')}"`
  const ours = hasSchema ? `grant ${schema}_inspect to ${name}; -- made by npx fencepost migrate --roles; or ` : ''
  return { level: 'unseen', what, mend: `${ours}grant pg_monitor to ${name};` }
}

/** Where not even a login is left, that is what there is to be told. */
function explain(error: unknown): never {
  const { code, cause, message } = error as { code?: string; cause?: { code?: string }; message: string }
  if (code === 'OUT_OF_LOCKS') {
    const why = `${message}: the lock table is full, so that not even a login has room. End the session that fills it, or restart the server with a larger max_locks_per_transaction`
    throw new CommandError(why, ExitCode.unreachable, { cause: error })
  }
  if (cause?.code === '53300') {
    const why = `${message}: no connection is left. End some that idle, or log in as a superuser, for whom superuser_reserved_connections are kept`
    throw new CommandError(why, ExitCode.unreachable, { cause: error })
  }
  throw error
}
