import type { Pool } from 'pg'
import { eventually } from './eventually.ts'

/** The tickets of a name, first the one that is served first, whether their sessions live or not. */
export async function ticketsOf(admin: Pool, name: string): Promise<number[]> {
  const text = 'select ticket from fencepost.waiters where name = $1 order by ticket'
  const { rows } = await admin.query<{ ticket: string }>(text, [name])
  return rows.map(({ ticket }) => Number(ticket))
}

/** Waits until so many stand in line. */
export async function untilInLine(admin: Pool, name: string, count: number): Promise<void> {
  await eventually(async () => (await ticketsOf(admin, name)).length === count)
}

/** Waits until as many connections as that wait in the server for an advisory lock; of applications whose name begins so. */
export async function untilWatching(admin: Pool, application: string, count = 1): Promise<void> {
  const text = `select from pg_stat_activity where wait_event = 'advisory' and application_name like $1 || '%'
    and datname = current_database()`
  await eventually(async () => (await admin.query(text, [application])).rowCount === count)
}
