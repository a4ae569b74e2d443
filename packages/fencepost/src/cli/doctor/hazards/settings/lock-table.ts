import type { Hazard } from '../../hazard.ts'
import { plural } from '../../words/quantity.ts'
import { setAtStart } from '../../words/set-setting.ts'
import { SESSION_COLUMNS, type SessionFacts, sessionText, terminate } from '../../words/session-words.ts'

interface Facts {
  readonly used: number
  readonly each: number
  readonly connections: number
  readonly prepared: number
  readonly source: string
  readonly most: (SessionFacts & { readonly locks: number }) | null
}

const SQL = `
  with lock as materialized (
    select pid from pg_locks where not fastpath
  )
  select (select count(*)::integer from lock) as used, current_setting('max_locks_per_transaction')::integer as each,
    current_setting('max_connections')::integer as connections, current_setting('max_prepared_transactions')::integer as prepared,
    (select source from pg_settings where name = 'max_locks_per_transaction') as source,
    (
      select json_build_object('backend', backend, 'application', application, 'role', role, 'host', host, 'locks', locks)
      from (
        select ${SESSION_COLUMNS}, locks
        from (select pid, count(*)::integer as locks from lock group by pid order by 2 desc limit 1) as most
        join pg_stat_activity as activity using (pid)
      ) as session
    ) as most`
const [WARN, FULL] = [0.5, 1]

/** Shared by all sessions of the server: where it is full, nobody locks, alters a table or connects. */
export const lockTable: Hazard<Facts | undefined> = {
  id: 'lock-table',
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row
  },

  judge(facts) {
    if (facts === undefined) return []
    const { used, each, connections, prepared, source, most } = facts
    const room = each * (connections + prepared)
    const share = used / room
    const state = `${used.toLocaleString('en')} of the ${room.toLocaleString('en')} locks the server is configured for are taken`
    if (share < WARN) return { level: 'fine', what: state }
    const who = most === null ? '' : `, ${most.locks.toLocaleString('en')} of them by ${sessionText(most)}`
    // Twice the room of what is needed now, as a power of two.
    const enough = 2 ** Math.ceil(Math.log2((used * 2) / (connections + prepared)))
    const end = most === null || most.locks < used / 2 ? '' : `; or end the one: ${terminate(most)}`
    return {
      level: share < FULL ? 'warning' : 'danger',
      what: `${state}${who}; we take no more beyond that, and where it is full nobody connects either (max_locks_per_transaction × ${plural(connections, 'connection')})`,
      mend: `${setAtStart({ name: 'max_locks_per_transaction', source }, Math.max(enough, each * 2))}${end}`,
    }
  },
}
