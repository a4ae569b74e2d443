import type { Hazard } from '../../hazard.ts'
import { bytes, plural } from '../../words/quantity.ts'

interface Facts {
  readonly names: string
  readonly commit: string
  readonly standbys: readonly Standby[]
}

interface Standby {
  readonly application: string
  /** Null where the role may not see it. */
  readonly sync: 'async' | 'potential' | 'sync' | 'quorum' | null
  readonly lag: number | null
}

const SQL = `
  select current_setting('synchronous_standby_names') as names, current_setting('synchronous_commit') as commit,
    (
      select coalesce(json_agg(json_build_object(
        'application', application_name, 'sync', sync_state, 'lag', pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)
      )), '[]')
      from pg_stat_replication
    ) as standbys`

/** What a fail-over would lose: docs/failover.md. */
export const failOver: Hazard<Facts> = {
  id: 'fail-over',
  applies: ({ isStandby }) => !isStandby,
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row ?? { names: '', commit: '', standbys: [] }
  },

  judge({ names, commit, standbys }) {
    const wait = /^(on|remote_apply|remote_write)$/.test(commit)
    if (standbys.some(({ sync }) => sync === null)) {
      return {
        level: 'unseen',
        what: `how the ${plural(standbys.length, 'standby server')} follow is not shown to this role`,
        mend: 'grant pg_monitor to this role, or run doctor as one that has it',
      }
    }
    const isSafe = standbys.some(({ sync }) => sync === 'sync' || sync === 'quorum')
    if (names !== '' && !isSafe) {
      return {
        level: 'danger',
        what: `no standby of synchronous_standby_names (${names}) is connected: every commit waits`,
        mend: `start one, or: alter system reset synchronous_standby_names; select pg_reload_conf();`,
      }
    }
    if (standbys.length === 0) return { level: 'fine', what: 'no standby follows' }
    if (isSafe && wait)
      return { level: 'fine', what: 'a synchronous standby has what is committed, also after a fail-over' }
    const behind = Math.max(...standbys.map(({ lag }) => lag ?? 0))
    const why = isSafe ? `synchronous_commit is ${commit}` : 'all standbys are asynchronous'
    const [first] = standbys
    return {
      level: 'note',
      what: `${why}: a fail-over now would lose the last ${bytes(behind)}, guarded commits and jobs too; no zombie gets through even then`,
      mend: isSafe
        ? 'alter system reset synchronous_commit; select pg_reload_conf();'
        : `alter system set synchronous_standby_names = '${(first?.application ?? '').replaceAll("'", "''")}'; select pg_reload_conf();`,
    }
  },
}
