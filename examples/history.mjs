// What became of a lock, and of the zombie that was stopped. Run it against any PostgreSQL: DATABASE_URL=postgres://… node history.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'

const name = `example:${randomUUID()}`
const fp = fencepost(process.env.DATABASE_URL, { application: 'payouts' })
await fp.history.record(name, { keep: '1h' })

await fp.lock(name, async () => {})
await fp.lock(name, async (lock) => {
  // Somebody takes it away, and the holder does not look at its signal.
  await fp.evict(name)
  await lock.transaction((tx) => tx.query('select 1')).catch((error) => console.log('refused:', error.code))
})
await fp.close()

const reader = fencepost(process.env.DATABASE_URL)
const entries = await reader.history.list(name)
const order = ['released', 'lost', 'evicted', 'refused']
for (const state of order) {
  const { application, cause } = entries.find((entry) => entry.state === state)
  console.log(`${state}: ${application}${state === 'lost' ? `, as ${cause.replace(/ by role.*/, '')}` : ''}`)
}
await reader.history.stop(name, { forget: true })
await reader.close()
// refused: STALE_TOKEN
// released: payouts
// lost: payouts, as it was taken away
// evicted: payouts
// refused: payouts
