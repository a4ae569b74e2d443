import { age } from '../../../show/age.ts'
import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'

interface Row {
  readonly gid: string
  /** As an SQL literal. */
  readonly literal: string
  readonly owner: string
  readonly ageMs: number
  readonly locks: number
}

const SQL = `
  select gid, quote_literal(gid) as literal, owner::text, extract(epoch from clock_timestamp() - prepared)::float8 * 1000 as "ageMs",
    (
      select count(*)::integer
      from pg_locks as itself
      join pg_locks as lock using (virtualtransaction)
      where itself.pid is null and itself.transactionid = transaction and lock.pid is null and lock.locktype = 'advisory'
    ) as locks
  from pg_prepared_xacts where database = current_database() order by prepared`

/** They outlive connections, restarts and crashes, and hold vacuum, rows and advisory locks all the while. */
export const preparedTransactions: Hazard<readonly Row[]> = {
  id: 'prepared-transactions',
  collect: (look) => look.ask<Row>(SQL),

  judge(rows, { olderThanMs }) {
    const old = rows.filter(({ ageMs }) => ageMs >= olderThanMs)
    if (old.length === 0) return { level: 'fine', what: `no prepared transaction is ${age(olderThanMs)} old` }
    return old.map(({ gid, literal, owner, ageMs, locks }) => ({
      level: locks > 0 ? 'danger' : 'warning',
      what: `prepared transaction "${gid}" of role ${owner} is ${age(ageMs)} old and keeps its rows, its snapshot${locks === 0 ? '' : ` and ${plural(locks, 'advisory lock')}`}, over restarts too`,
      mend: `rollback prepared ${literal}; -- or commit prepared, if whoever coordinates it has said so`,
    }))
  },
}
