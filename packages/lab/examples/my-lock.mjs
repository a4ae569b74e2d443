// A lock of yours as a contender of the lab: npx fencepost lab --contender ./my-lock.mjs
import pg from 'pg'

export const name = 'my-lock'
export const about = 'pg_advisory_lock, and the payout on the connection that has it'
export const servers = [] // besides PostgreSQL: 'redis', 'five-redis', 'etcd', 'zookeeper', 'pgbouncer'
export const isSession = true // a backend of PostgreSQL holds it, so that it can be terminated

/** Called once in each of the processes that want the lock. `place` says where the servers are. */
export async function open({ postgres, application }) {
  const client = new pg.Client({ connectionString: postgres, application_name: application })
  client.on('error', () => {}) // it goes on after the loss of its connection, as most programs do
  await client.connect()
  return {
    /** Waits for the lock, does the work, lets go. */
    async hold(lock, work) {
      await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock])
      await work({
        stillHeld: () => true, // your lock's own check, right before the write; leave it out if it has none
        transaction: (pay) => transaction(client, pay), // how you write under it; left out: in a plain transaction
      })
      await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock])
    },
    close: () => client.end(),
  }
}

async function transaction(client, pay) {
  await client.query('begin')
  await pay(client) // two statements, between which the process may be struck
  await client.query('commit')
}
