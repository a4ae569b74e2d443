import { age } from '../../../show/age.ts'
import type { Hazard, Verdict } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'
import { SESSION_COLUMNS, type SessionFacts, sessionText, terminate } from '../../words/session-words.ts'

interface Row extends SessionFacts {
  /** Null: not shown to this role. */
  readonly state: string | null
  readonly openMs: number | null
  /** How many transactions have begun since the oldest it still sees; null: it holds no snapshot just now. */
  readonly horizon: number | null
  readonly locks: number
  readonly waiting: number
  /** Whom it waits for itself; 0: a prepared transaction. */
  readonly blockers: readonly number[]
}

const MOST = 5
const SQL = `
  with waiter as materialized (
    select pid, pg_blocking_pids(pid) as blockers from (select distinct pid from pg_locks where not granted) as one
  ), blocked as materialized (
    select blocker, count(*)::integer as waiting from waiter cross join unnest(blockers) as blocker group by blocker
  ), advisory as materialized (
    select pid, count(*)::integer as locks from pg_locks where locktype = 'advisory' and granted group by pid
  )
  select ${SESSION_COLUMNS}, state, extract(epoch from clock_timestamp() - xact_start)::float8 * 1000 as "openMs",
    greatest(age(backend_xid), age(backend_xmin)) as horizon, coalesce(advisory.locks, 0) as locks,
    coalesce(blocked.waiting, 0) as waiting, coalesce(waiter.blockers, '{}') as blockers
  from pg_stat_activity as activity
  left join blocked on blocker = activity.pid
  left join advisory on advisory.pid = activity.pid
  left join waiter on waiter.pid = activity.pid
  where datname = current_database() and coalesce(backend_type, 'client backend') = 'client backend' and activity.pid <> pg_backend_pid()
    and (xact_start is not null or state is null)
  order by xact_start`

/** A transaction that stays open keeps vacuum from all that died since, and its locks from everybody. */
export const openTransactions: Hazard<readonly Row[]> = {
  id: 'open-transactions',
  collect: (look) => look.ask<Row>(SQL),

  judge(rows, { olderThanMs }) {
    const hidden = rows.filter(({ state }) => state === null)
    // Who waits, and keeps nobody waiting, goes on when what it waits for does, which is told itself.
    const own = rows.filter(({ blockers, waiting }) => blockers.length === 0 || waiting > 0)
    const open = own.filter(({ state, openMs }) => state !== null && Number(openMs) >= olderThanMs)
    const verdicts = open.slice(0, MOST).map(verdictOn)
    if (open.length > MOST) {
      const what = `${plural(open.length - MOST, 'further transaction')} are open for as long`
      verdicts.push({
        level: 'warning',
        what,
        mend: 'select pid, xact_start, query from pg_stat_activity order by xact_start;',
      })
    }
    if (hidden.length > 0) {
      const what = `${plural(hidden.length, 'session')} of other roles may have a transaction open, which is not shown to this role`
      verdicts.push({ level: 'unseen', what, mend: 'grant pg_monitor to this role, or run doctor as one that has it' })
    }
    return verdicts.length > 0 ? verdicts : { level: 'fine', what: `no transaction is open for ${age(olderThanMs)}` }
  },
}

function verdictOn(row: Row): Verdict {
  const { state, openMs, horizon, locks, waiting, blockers } = row
  const costs = [
    horizon ? `vacuum removes nothing that died in the last ${plural(horizon, 'transaction')}` : null,
    locks === 0 ? null : `it holds ${plural(locks, 'advisory lock')}`,
    waiting === 0 ? null : `${plural(waiting, 'other')} ${waiting === 1 ? 'waits' : 'wait'} for it`,
  ].filter((cost) => cost !== null)
  const so = costs.length === 0 ? '' : `: ${costs.join(', ')}`
  const itself = blockers.length === 0 ? '' : ' and waits for another'
  return {
    level: waiting > 0 ? 'danger' : 'warning',
    what: `the transaction of ${sessionText(row)}, ${state}, is open for ${age(openMs)}${itself}${so}`,
    mend: blockers.length === 0 ? terminate(row) : 'end what it waits for: npx fencepost waits',
  }
}
