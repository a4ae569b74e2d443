import type { Hazard, Level, Verdict } from '../../hazard.ts'
import { askRows } from '../../look.ts'
import { settingMs } from './setting-ms.ts'

interface Row {
  readonly name: string
  readonly value: string
  /** As a sentence has it: `role app in database shop`. */
  readonly of: string
  readonly mend: string
}

// pg_settings has what holds for this very session, also from the URL; pg_db_role_setting what waits for others.
const SQL = `
  select split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value,
    case when setrole = 0 and setdatabase = 0 then 'all roles'
      else concat_ws(' in ', case when setrole <> 0 then 'role ' || pg_get_userbyid(setrole) end, 'database ' || datname)
    end as of,
    format('alter %s reset %I;', case
      when setrole = 0 and setdatabase = 0 then 'role all'
      when setrole = 0 then format('database %I', datname)
      when setdatabase = 0 then format('role %I', pg_get_userbyid(setrole))
      else format('role %I in database %I', pg_get_userbyid(setrole), datname)
    end, split_part(setting, '=', 1)) as mend
  from pg_db_role_setting
  left join pg_database on pg_database.oid = setdatabase
  cross join unnest(setconfig) as setting
  where setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select name, current_setting(name), case source when 'client' then 'the URL or PGOPTIONS' else 'the server' end,
    case source
      when 'client' then 'take it out of the URL or PGOPTIONS'
      else format('alter system reset %I; select pg_reload_conf();', name)
    end
  from pg_settings
  where source in ('configuration file', 'command line', 'environment variable', 'client') and setting <> boot_val
  order by 1, 3`

const SET_BY_LOOKS = ['statement_timeout', 'lock_timeout']
const OURS = 'our own sessions override it'
const SHORT_MS = 10_000

/** What a value of a setting does to whoever locks; null: nothing. */
type Effect = (value: string) => { readonly level: Level; readonly text: string } | null

const EFFECTS: Readonly<Record<string, Effect>> = {
  idle_session_timeout: limit(60_000, 'ends whoever holds a lock on a connection that is idle for so long'),
  lock_timeout: limit(
    SHORT_MS,
    'cuts off waits in transactions and in SQL: lock_in_transaction, call fencepost.lock, protect',
  ),
  statement_timeout: limit(
    SHORT_MS,
    'cuts off waits in SQL, call fencepost.lock and evict, and long statements of guarded transactions',
  ),
  transaction_timeout: limit(SHORT_MS, 'ends guarded transactions and jobs’ transactions that take longer'),
  idle_in_transaction_session_timeout: limit(SHORT_MS, 'ends transactions that pause for so long, guarded ones too'),
  default_transaction_isolation: (value) =>
    value === 'read committed'
      ? null
      : warning('has lock_in_transaction and try_lock refused in transactions that do not say READ COMMITTED'),
  default_transaction_read_only: (value) =>
    isOn(value) ? warning('has every write fail, guarded ones too, that does not say READ WRITE') : null,
  session_replication_role: (value) =>
    value === 'replica'
      ? { level: 'danger', text: 'switches the triggers of protected tables off: writes of zombies pass' }
      : null,
  deadlock_timeout: (value) =>
    settingMs(value) < 100 ? warning('makes waits in the server that short, as each is cut off before it') : null,
}

/** Settings of the server, a database or a role that cut through what locks rest on. */
export const inheritedSettings: Hazard<readonly Row[]> = {
  id: 'inherited-settings',
  collect: (look) =>
    look.through(async (ask) => {
      // What a look sets itself.
      for (const name of SET_BY_LOOKS) await ask(`set local ${name} to default`)
      return await askRows<Row>(ask, SQL)
    }),

  judge(rows) {
    const verdicts = rows.flatMap(({ name, value, of, mend }): Verdict[] => {
      const effect = EFFECTS[name]?.(value)
      if (effect == null) return []
      const spared = effect.level === 'danger' ? '' : `; ${OURS}`
      return [{ level: effect.level, what: `${name} = ${value} of ${of} ${effect.text}${spared}`, mend }]
    })
    return verdicts.length > 0
      ? verdicts
      : { level: 'fine', what: 'no role, database or server setting cuts locks short' }
  },
}

function limit(shortMs: number, text: string): Effect {
  return (value) => {
    const ms = settingMs(value)
    if (!(ms > 0)) return null
    return { level: ms < shortMs ? 'warning' : 'note', text }
  }
}

function warning(text: string) {
  return { level: 'warning', text } as const
}

function isOn(value: string): boolean {
  return /^(on|true|yes|1)$/i.test(value)
}
