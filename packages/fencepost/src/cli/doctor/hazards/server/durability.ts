import type { Hazard } from '../../hazard.ts'

interface Row {
  readonly name: 'fsync' | 'full_page_writes' | 'synchronous_commit'
  /** Where it was set: `command line`, `configuration file`, `database`, `user`, `client` … */
  readonly source: string
}

const SQL = `
  select name, source from pg_settings
  where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name`

/** Whether what is committed outlives a crash. */
export const durability: Hazard<readonly Row[]> = {
  id: 'durability',
  collect: (look) => look.ask<Row>(SQL),

  judge(rows) {
    if (rows.length === 0) return { level: 'fine', what: 'what is committed is on disk' }
    return rows.map(({ name, source }) => {
      const what =
        name === 'synchronous_commit'
          ? 'a crash loses the commits of the last moment, and the jobs enqueued in them'
          : 'a crash of the machine may lose or break everything, tokens and jobs too'
      return {
        level: name === 'synchronous_commit' ? 'note' : 'warning',
        what: `${name} is off (${source}): ${what}`,
        mend:
          source === 'configuration file'
            ? `alter system set ${name} = on; select pg_reload_conf();`
            : `take it out of where it is set: ${source}`,
      }
    })
  },
}
