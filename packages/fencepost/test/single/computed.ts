import type { Pool } from 'pg'

/** Where each call of a function is written down, as a sign outside of all that the library does. */
export async function createComputed(admin: Pool): Promise<void> {
  await admin.query('create table computed (key text, process integer)')
}

/** By which processes it was computed. */
export async function computedOf(admin: Pool, key: string): Promise<number[]> {
  const { rows } = await admin.query<{ process: number }>('select process from computed where key = $1', [key])
  return rows.map(({ process }) => process)
}
