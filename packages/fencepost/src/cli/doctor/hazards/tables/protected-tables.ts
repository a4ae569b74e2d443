import type { Hazard, Verdict } from '../../hazard.ts'

interface Row {
  readonly table: string
  readonly lockName: string
  /** Its partitions, or those that inherit from it, and the table itself, that can be written without a lock. */
  readonly unprotected: readonly string[]
  readonly truncatable: readonly string[]
  /** The statement that covers them, too. */
  readonly mend: string
}

const SQL = `
  select relation::text as "table", lock_name as "lockName", unprotected::text[] as unprotected, truncatable::text[] as truncatable,
    format('select fencepost.protect(%L, %L%s%s);', relation, lock_name,
      case when mode <> 'refuse' then format(', mode => %L', mode) end,
      case when namespace <> 'default' then format(', namespace => %L', namespace) end) as mend
  from fencepost.protected_tables
  order by 1`

/** What came to a protected table after `protect`, or was switched off. */
export const protectedTables: Hazard<readonly Row[]> = {
  id: 'protected-tables',
  applies: ({ hasSchema }) => hasSchema,
  collect: (look) => look.ask<Row>(SQL),

  judge(rows) {
    const verdicts = rows.flatMap(({ table, lockName, unprotected, truncatable, mend }): Verdict[] => {
      const rule = `protected by "${lockName}"`
      if (unprotected.length > 0) {
        const what = `${unprotected.join(', ')} can be written without a lock, though ${table} is ${rule}: added since, or its triggers are disabled`
        return [{ level: 'danger', what, mend }]
      }
      if (truncatable.length === 0) return []
      return [
        {
          level: 'warning',
          what: `${truncatable.join(', ')} can be truncated without a lock, though ${table} is ${rule}`,
          mend,
        },
      ]
    })
    if (verdicts.length > 0) return verdicts
    return {
      level: 'fine',
      what: rows.length === 0 ? 'no table is protected' : 'what is protected is so in all its parts',
    }
  },
}
