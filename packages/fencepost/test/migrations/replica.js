// A replica that migrates when it starts, as it is told over IPC. Plain JavaScript: it runs as it stands.
import { fencepost } from 'fencepost'
import pg from 'pg'
import { answerCalls } from '../fixtures/answer-calls.js'

const [url, options] = JSON.parse(process.argv[2])
const fp = fencepost(url, options)
/** Process ids of those it was told it waits for. */
const told = []

const onWait = (holder) => told.push(holder?.process ?? null)

const migrations = {
  /** Fails unless it runs alone. */
  async alone(client) {
    const { rows } = await client.query('insert into running default values returning id')
    for (let look = 0; look < 20; look++) {
      const others = await client.query('select from running where id <> $1', [rows[0].id])
      if (others.rowCount > 0) throw new Error('somebody else migrates')
    }
    await client.query('delete from running where id = $1', [rows[0].id])
  },
  /** Builds indexes once as many replicas as that wait in line, the first of them in the server; fails if that one does not outlast it. */
  async indexes(client, waiting) {
    const inServer = `select pid from pg_stat_activity where wait_event = 'advisory' and datname = current_database()
      and (select count(*) from fencepost.waiters where name = 'migrate') = $1`
    let watching
    while (watching === undefined) watching = (await client.query(inServer, [waiting])).rows[0]
    for (const n of [1, 2, 3, 4]) await client.query(`create index concurrently big_${n} on big (n, (n + ${n}))`)
    const { rowCount } = await client.query('select from pg_stat_activity where pid = $1', [watching.pid])
    if (rowCount !== 1) throw new Error('the build waited for a replica until that was ended')
  },
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
}

answerCalls({
  async migrate(migration, asked, argument) {
    const migrated = await fp.migrateOnce({ ...asked, onWait }, async () => {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('insert into begun default values')
      await migrations[migration](client, argument)
      await client.query('insert into done default values')
      await client.end()
    })
    return { ran: migrated.ran }
  },
  told: () => told,
  close: () => fp.close(),
})
