// What the test of each runner does, by the environment variable SCENARIO. Plain JavaScript: the runners load it as it stands.
import pg from 'pg'

/** For testLock. */
export const options = JSON.parse(process.env.TEST_LOCK ?? '{}')

const scenarios = {
  /** Fails unless nobody else is inside at any time. */
  async alone(client) {
    const { rows } = await client.query('insert into inside default values returning id')
    for (let look = 0; look < 50; look++) {
      const others = await client.query('select from inside where id <> $1', [rows[0].id])
      if (others.rowCount > 0) throw new Error('somebody else is inside')
    }
    await client.query('delete from inside where id = $1', [rows[0].id])
    await client.query('insert into done default values')
  },
  /** Stays inside until it is killed. */
  stay: (client) => new Promise(() => setInterval(() => client.query('select 1'), 100)),
  async cut(client) {
    await client.query(`select pg_terminate_backend(backend) from fencepost.who('billing', 'testing')`)
  },
  /** One long synchronous test. */
  async block() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
  },
}

export async function scenario() {
  const client = new pg.Client(process.env.DATABASE_URL)
  await client.connect()
  try {
    await scenarios[process.env.SCENARIO](client)
  } finally {
    await client.end()
  }
}
