/** Rows that nobody sees any more but that cannot be removed: what a held horizon slows things down by. */
const DEAD_ROWS = `select coalesce(sum(n_dead_tup), 0)::float8 as dead from pg_stat_user_tables`

/**
 * Does something within a transaction with a number and a snapshot, which nothing that happens after it can be removed before.
 *
 * @template T
 * @param {import('../site.js').Site} site
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function whileHeld(site, work) {
  const client = await site.postgres.connect()
  try {
    await client.query('begin isolation level repeatable read')
    await client.query('select pg_current_xact_id()')
    const result = await work()
    const { rows } = await client.query(DEAD_ROWS)
    site.say(`horizon: ${rows[0].dead} dead rows`)
    return result
  } finally {
    await client.end().catch(() => {})
  }
}
