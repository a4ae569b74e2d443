import type { Pool } from 'pg'

/** What the outside world has seen done. */
export interface Effect {
  readonly key: string
  readonly idempotency_key: string
  readonly attempt: number
}

/** Where the functions of test/fixtures/once-calls.js write what they do. */
export async function createEffects(admin: Pool): Promise<void> {
  await admin.query('create table effects (key text, idempotency_key uuid, attempt integer, process integer)')
}

export async function effectsOf(admin: Pool, key: string): Promise<Effect[]> {
  const text = 'select key, idempotency_key, attempt from effects where key = $1 order by attempt'
  return (await admin.query<Effect>(text, [key])).rows
}

export async function stateOf(admin: Pool, key: string): Promise<string | undefined> {
  return (await admin.query<{ state: string }>('select state from fencepost.once_keys where key = $1', [key])).rows[0]
    ?.state
}
