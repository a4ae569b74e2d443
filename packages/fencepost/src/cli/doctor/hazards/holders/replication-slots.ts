import type { Hazard } from '../../hazard.ts'
import { bytes, plural } from '../../words/quantity.ts'

interface Row {
  readonly slot: string
  /** As an SQL literal. */
  readonly literal: string
  /** Transactions since the oldest it keeps rows, or rows of the catalog, for. */
  readonly xminAge: number | null
  readonly catalogAge: number | null
  readonly keptBytes: number | null
}

const SQL = `
  select slot_name::text as slot, quote_literal(slot_name) as literal, age(xmin) as "xminAge", age(catalog_xmin) as "catalogAge",
    case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) end::float8 as "keptBytes"
  from pg_replication_slots where not active and coalesce(xmin::text, catalog_xmin::text, restart_lsn::text) is not null
  order by slot_name`

/** One that nobody reads keeps dead rows and WAL until the disk is full. */
export const replicationSlots: Hazard<readonly Row[]> = {
  id: 'replication-slots',
  collect: (look) => look.ask<Row>(SQL),

  judge(rows) {
    if (rows.length === 0) return { level: 'fine', what: 'no replication slot is without a reader' }
    return rows.map(({ slot, literal, xminAge, catalogAge, keptBytes }) => {
      const kept = [
        keptBytes === null ? null : `${bytes(keptBytes)} of WAL`,
        xminAge === null ? null : `what died in the last ${plural(xminAge, 'transaction')}`,
        catalogAge === null ? null : `what died in the catalog in the last ${plural(catalogAge, 'transaction')}`,
      ].filter((part) => part !== null)
      return {
        level: 'warning',
        what: `replication slot "${slot}" has no reader and keeps ${kept.join(', ')}`,
        mend: `select pg_drop_replication_slot(${literal}); -- or start its reader`,
      }
    })
  },
}
