import { fencepost, type Fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilWatching } from '../support/waiters.ts'

// A slice is half of deadlock_timeout: in a few seconds these waits go through as many as a wait of minutes elsewhere.
const server = await ownServer({ deadlock_timeout: '100ms', autovacuum: 'off' })
const admin = new pg.Pool({ connectionString: server.url, max: 3 })
admin.on('error', () => {})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

const SLICES = 20

test('P6: a wait of many slices holds no snapshot: vacuum takes away what is deleted meanwhile', async () => {
  await using holder = fencepost(server.url)
  const fps = Array.from({ length: 3 }, (_, i) => fencepost(server.url, { application: `waiter ${i}` }))
  await admin.query('create table big as select generate_series(1, 10000) as n')
  const lock = await holder.lock('a')
  const writer = await holder.lock('b', { shared: true })
  // Two watch, and one stands behind the other.
  const waits = [fps[0]?.lock('a'), fps[1]?.lock('b'), fps[2]?.lock('a', { shared: true })].map(
    async (wait) => await (await wait)?.release(),
  )
  await untilWatching(admin, 'waiter', 2)

  const seen = new Map<number, Snapshots>()
  await eventually(async () => {
    await note(seen)
    const slices = [...seen.values()].map(({ began }) => began.size)
    return slices.filter((count) => count >= SLICES).length >= 2
  })
  // A snapshot of one slice is gone in the next but one, as others write all the time.
  for (const { longest } of seen.values()) expect(longest).toBeLessThanOrEqual(2)

  await admin.query('delete from big')
  await eventually(async () => (await notRemovable('big')) === 0)
  await Promise.all([lock.release(), writer.release()])
  await Promise.all(waits)
  await Promise.all(fps.map((fp) => fp.close()))
})

test('P6: while somebody’s snapshot keeps all dead tickets, those who line up for a busy name do not read them', async () => {
  const fps = Array.from({ length: 2 }, () => fencepost(server.url))
  const old = await admin.connect()
  await old.query('begin isolation level repeatable read; select 1')
  const before = await reads()
  await Promise.all([...fps, ...fps].map(contend))
  // A session tells what it has done a moment later, all of it together.
  const after = await eventually(async () => {
    const now = await reads()
    return now.tickets - before.tickets > 500 && now
  })
  // Ten thousands of them would be hundreds for each ticket.
  expect((after.entries - before.entries) / (after.tickets - before.tickets)).toBeLessThan(30)
  await old.query('commit')
  old.release()
  await Promise.all(fps.map((fp) => fp.close()))
})

async function contend(fp: Fencepost): Promise<void> {
  for (let round = 0; round < 250; round++) await (await fp.lock('busy')).release()
}

/** How many tickets there have been, and how many entries of their index have been read. */
async function reads(): Promise<{ tickets: number; entries: number }> {
  const { rows } = await admin.query<{ tickets: string; entries: string }>(`
    select n_tup_ins as tickets, idx_tup_read as entries
    from pg_stat_user_tables join pg_stat_user_indexes using (relid) where pg_stat_user_tables.relname = 'waiters'`)
  return { tickets: Number(rows[0]?.tickets), entries: Number(rows[0]?.entries) }
}

/** What was seen of a backend: its transactions, and over how many of them one after the other the same xmin was held. */
interface Snapshots {
  readonly began: Set<string>
  xmin: string
  held: Set<string>
  longest: number
}

/** Looks at every session of ours, after a transaction number was used up: a new snapshot has another xmin. */
async function note(seen: Map<number, Snapshots>): Promise<void> {
  await admin.query('select txid_current()')
  const { rows } = await admin.query<{ pid: number; xmin: string; began: string }>(`
    select pid, backend_xmin::text as xmin, xact_start::text as began from pg_stat_activity
    where application_name like '%fencepost' and backend_xmin is not null and xact_start is not null`)
  for (const { pid, xmin, began } of rows) {
    const snapshots = seen.get(pid) ?? { began: new Set(), xmin, held: new Set(), longest: 0 }
    seen.set(pid, snapshots)
    snapshots.began.add(began)
    if (snapshots.xmin !== xmin) Object.assign(snapshots, { xmin, held: new Set() })
    snapshots.held.add(began)
    snapshots.longest = Math.max(snapshots.longest, snapshots.held.size)
  }
}

/** How many dead rows vacuum had to leave, as somebody may still see them. */
async function notRemovable(table: string): Promise<number> {
  const client = await admin.connect()
  let left = Number.NaN
  const listen = ({ message }: { message?: string | undefined }) => {
    const [, count] =
      /(\d+) are dead but not yet removable|(\d+) dead row versions cannot be removed yet/.exec(message ?? '') ?? []
    if (count !== undefined) left = Number(count)
  }
  client.on('notice', listen)
  await client.query(`vacuum verbose ${table}`)
  client.off('notice', listen)
  client.release()
  return left
}
