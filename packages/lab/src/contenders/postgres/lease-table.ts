import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { openPool } from '../../servers/ledger.ts'
import { type Contender, TTL_MS } from '../contender.ts'

const RETRY_MS = 50
const TABLE = 'create table lab.leases (name text primary key, owner text not null, expires_at timestamptz not null)'
// The server's clock alone: no clock of a process.
const TAKE = `
  insert into lab.leases as lease values ($1, $2, clock_timestamp() + $3 * interval '1 ms')
  on conflict (name) do update set owner = excluded.owner, expires_at = excluded.expires_at
  where lease.expires_at < clock_timestamp()`
const RENEW = `
  update lab.leases set expires_at = clock_timestamp() + $3 * interval '1 ms'
  where name = $1 and owner = $2 and expires_at > clock_timestamp()`
const LET_GO = 'delete from lab.leases where name = $1 and owner = $2'

export const leaseTable: Contender = {
  name: 'pg-lease-table',
  about:
    'a row with an owner and a deadline on the server’s clock, renewed; the time since the last renewal is looked at before the write',
  settings: { ttl: `${TTL_MS} ms`, renewed: `each ${Math.round(TTL_MS / 3)} ms`, retry: `${RETRY_MS} ms` },
  async prepare({ postgres, application }) {
    const pool = openPool(postgres, application)
    await pool.query(TABLE)
    await pool.end()
  },
  async open({ postgres, application, ttlMs }) {
    const pool = openPool(postgres, application)
    const isDone = async (text: string, ...values: unknown[]) => (await pool.query(text, values)).rowCount === 1
    return {
      async hold(name, work) {
        const owner = randomUUID()
        let askedAt = performance.now()
        while (!(await isDone(TAKE, name, owner, ttlMs))) {
          await pause(RETRY_MS)
          askedAt = performance.now()
        }
        let heldUntil = askedAt + ttlMs
        const renew = async () => {
          const renewedAt = performance.now()
          if (await isDone(RENEW, name, owner, ttlMs).catch(() => false)) heldUntil = renewedAt + ttlMs
        }
        const timer = setInterval(() => void renew(), ttlMs / 3)
        try {
          await work({ stillHeld: () => performance.now() < heldUntil })
        } finally {
          clearInterval(timer)
        }
        await pool.query(LET_GO, [name, owner])
      },
      close: () => pool.end(),
    }
  },
}
