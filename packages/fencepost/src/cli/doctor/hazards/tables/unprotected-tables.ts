import type { Hazard } from '../../hazard.ts'

interface Row {
  readonly table: string
  readonly lockName: string
  /** A table that is protected by that name. */
  readonly like: string
  readonly mend: string
}

// By the columns of the name. A name of nothing but an id would fit every table.
const SQL = `
  with rule as materialized (
    select relation, lock_name, namespace, array(
      select btrim(piece[1], '{}') from regexp_matches(lock_name, '\\{\\{|\\}\\}|\\{[^{}]+\\}', 'g') as piece
      where piece[1] not in ('{{', '}}')
    ) as columns, array(select fencepost.family(relation)) as family
    from fencepost.protected_tables
  )
  select class.oid::regclass::text as "table", min(rule.lock_name) as "lockName", min(rule.relation::text) as "like",
    format('select fencepost.protect(%L, %L%s);', class.oid::regclass, min(rule.lock_name),
      case when min(rule.namespace) <> 'default' then format(', namespace => %L', min(rule.namespace)) end) as mend
  from rule
  join pg_class as class on class.relkind in ('r', 'p') and not class.relispartition and class.relpersistence <> 't'
  where class.relnamespace <> (select relnamespace from pg_class where oid = 'fencepost.protected_tables'::regclass) and rule.columns <> array['id']
    and class.oid <> all(select unnest(every.family) from rule as every)
    and (
      select count(*) from pg_attribute where attrelid = class.oid and attname = any(rule.columns) and attnum > 0 and not attisdropped
    ) = cardinality(rule.columns)
  group by class.oid
  order by 1
  limit 10`

/** Tables that have all columns of the name another one is protected by: whether they are written under that lock only their owner knows. */
export const unprotectedTables: Hazard<readonly Row[]> = {
  id: 'unprotected-tables',
  applies: ({ hasSchema }) => hasSchema,
  collect: (look) => look.ask<Row>(SQL),

  judge(rows) {
    if (rows.length === 0) return { level: 'fine', what: 'no other table has the columns of a protected one’s name' }
    return rows.map(({ table, lockName, like, mend }) => ({
      level: 'note',
      what: `table ${table} has the columns of "${lockName}", by which ${like} is protected, and is not protected itself`,
      mend: `${mend} -- if it is written under that lock`,
    }))
  },
}
