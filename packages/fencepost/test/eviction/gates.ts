import type { Pool } from 'pg'
import { eventually } from '../support/eventually.ts'

/** Waits until the gate of a name is closed by somebody who keeps it closed. */
export async function untilGateClosed(admin: Pool, name: string): Promise<void> {
  const text = `select from fencepost.held_keys() where key = fencepost.gate($1) and mode = 'exclusive'`
  await eventually(async () => (await admin.query(text, [name])).rowCount)
}

/** Waits until somebody stands before the gate of a name. */
export async function untilAtGate(admin: Pool, name: string, mode: 'exclusive' | 'shared'): Promise<void> {
  const text = `select from fencepost.advisory_locks(fencepost.lock_table()) where key = fencepost.gate($1) and mode = $2 and not granted`
  await eventually(async () => (await admin.query(text, [name, mode])).rowCount)
}

/** Whether the gate of a name can be passed and closed. */
export async function isGateOpen(admin: Pool, name: string): Promise<boolean> {
  const text = 'select pg_try_advisory_xact_lock(fencepost.gate($1)) as open'
  return (await admin.query<{ open: boolean }>(text, [name])).rows[0]?.open === true
}
