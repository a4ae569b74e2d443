import type { Mode } from '../ground/mode.ts'

/** What became of one holding of a lock, or one commit or holder that was refused or evicted. */
export interface HistoryEntry {
  /** Rises with the order in which they were written down. */
  readonly id: number
  /**
   * `held`: still. `released` by its holder, or `lost`. `refused`: a commit under a token that was stale. `evicted`: taken from its
   * holder by somebody, whose own entry says how it ended.
   */
  readonly state: 'held' | 'released' | 'lost' | 'refused' | 'evicted'
  readonly namespace: string
  readonly name: string
  readonly mode: Mode | null
  readonly token: number | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`. */
  readonly process: number | null
  readonly beganAt: Date
  /** Null while it is held, and where nobody knows, as of a process that was killed. */
  readonly endedAt: Date | null
  /** How it was lost, who evicted it, or why the commit was refused. */
  readonly cause: string | null
}

/** Which entries to read. */
export interface HistoryQuery {
  /** Null: of all names. */
  readonly name: string | null
  readonly namespace: string
  readonly limit: number
  /** Only those before this id. */
  readonly before: number | null
}

type Read = Omit<HistoryEntry, 'beganAt' | 'endedAt'> & {
  readonly beganAt: number
  readonly endedAt: number | null
}

// As JSON: a pool of the user's may read numbers and times in its own way.
const LIST = `
  select to_jsonb(entry)::text as entry
  from (
    select id, state, namespace, name, mode, token, application, host, process, cause,
      extract(epoch from began_at) * 1000 as "beganAt", extract(epoch from ended_at) * 1000 as "endedAt"
    from fencepost.list_history($1, $2, $3, $4)
  ) as entry`

/** The newest first. */
export async function readHistory(
  ask: <Row>(text: string, values: unknown[]) => Promise<Row[]>,
  { name, namespace, before, limit }: HistoryQuery,
): Promise<HistoryEntry[]> {
  const rows = await ask<{ entry: string }>(LIST, [name, namespace, before, limit])
  return rows.map((row) => {
    const { beganAt, endedAt, ...entry } = JSON.parse(row.entry) as Read
    return { ...entry, beganAt: new Date(beganAt), endedAt: endedAt === null ? null : new Date(endedAt) }
  })
}
