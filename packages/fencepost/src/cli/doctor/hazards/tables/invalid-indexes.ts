import type { Hazard, Verdict } from '../../hazard.ts'

interface Row {
  readonly index: string
  readonly table: string
  readonly isUnique: boolean
  /** Of a partitioned table: valid once each partition has its own. */
  readonly isPartitioned: boolean
  /** Made by REINDEX CONCURRENTLY beside the one it was to replace. */
  readonly isCopy: boolean
  readonly isBeingBuilt: boolean
}

// Progress of other roles is shown without the index; then whoever holds the lock of a build on the table counts.
const SQL = `
  select format('%I.%I', namespace.nspname, class.relname) as index,
    format('%I.%I', of_table.nspname, indexed.relname) as "table", indisunique as "isUnique", class.relkind = 'I' as "isPartitioned",
    class.relname ~ '_cc(new|old)[0-9]*$' as "isCopy",
    exists (
      select from pg_stat_progress_create_index as progress
      where progress.index_relid = indexrelid or progress.index_relid is null and exists (
        select from pg_locks as lock
        where lock.pid = progress.pid and lock.relation = indrelid and lock.mode = 'ShareUpdateExclusiveLock' and lock.granted
      )
    ) as "isBeingBuilt"
  from pg_index
  join pg_class as class on class.oid = indexrelid
  join pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_class as indexed on indexed.oid = indrelid
  join pg_namespace as of_table on of_table.oid = indexed.relnamespace
  where not indisvalid
  order by 1
  limit 20`

export const invalidIndexes: Hazard<readonly Row[]> = {
  id: 'invalid-indexes',
  collect: (look) => look.ask<Row>(SQL),

  judge(rows) {
    if (rows.length === 0) return { level: 'fine', what: 'every index is valid' }
    return rows.map((row) => (row.isBeingBuilt ? beingBuilt(row) : invalid(row)))
  },
}

function beingBuilt({ index, table }: Row): Verdict {
  return { level: 'note', what: `index ${index} of table ${table} is being built` }
}

function invalid({ index, table, isUnique, isPartitioned, isCopy }: Row): Verdict {
  const harm = `costs its writes and helps no query${isUnique ? ', and what it was to keep unique may not be' : ''}`
  const what = `index ${index} of table ${table} is invalid: it ${harm}`
  if (isPartitioned) {
    return {
      level: 'warning',
      what,
      mend: `create it on each partition, then: alter index ${index} attach partition <its index>;`,
    }
  }
  return {
    level: 'warning',
    what,
    mend: isCopy ? `drop index concurrently ${index};` : `reindex index concurrently ${index};`,
  }
}
