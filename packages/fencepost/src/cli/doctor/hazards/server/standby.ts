import type { Hazard } from '../../hazard.ts'

interface Facts {
  readonly isStandby: boolean
  /** Of its primary, where it may be seen. */
  readonly primary: string | null
}

const SQL = `
  select pg_is_in_recovery() as "isStandby",
    (select nullif(sender_host, '') || ':' || sender_port from pg_stat_wal_receiver) as primary`

export const standby: Hazard<Facts> = {
  id: 'standby',
  async collect(look) {
    const [row] = await look.ask<Facts>(SQL)
    return row ?? { isStandby: false, primary: null }
  },

  judge({ isStandby, primary }) {
    if (!isStandby) return { level: 'fine', what: 'a primary: what is locked here is locked for all' }
    return {
      level: 'danger',
      what: 'a read-only standby, which grants locks that its primary has granted to others',
      mend: `connect to the primary${primary === null ? '' : `, ${primary}`}; several hosts in one URL of libpq: target_session_attrs=read-write`,
    }
  },
}
