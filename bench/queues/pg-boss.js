import pg from 'pg'
import { NAME } from './job-queue.js'
import { settings } from './settings.js'

// A name that the compiler does not look for: the package is installed for a run of the benchmarks only.
const PACKAGE = /** @type {string} */ ('pg-boss')
const DONE = `select not exists (select from pgboss.job where name = $1 and state < 'completed') as done`

/**
 * @param {import('./job-queue.js').Endpoints} endpoints
 * @param {import('./job-queue.js').Subject} subject which of its settings
 * @returns {Promise<import('./job-queue.js').JobQueue>}
 */
export async function openPgBoss({ postgres }, subject) {
  const { PgBoss } = await import(PACKAGE)
  const own = settings[subject === 'pg-boss' ? 'pg-boss' : 'pg-boss batch']
  const boss = new PgBoss({ connectionString: postgres, ...own.instance })
  boss.on('error', (/** @type {Error} */ error) => process.stderr.write(`bench: pg-boss: ${error.message}\n`))
  await boss.start()
  // A queue for each of the settings, as to notify is one of the queue.
  const name = `${NAME}-${subject.replace(' ', '-')}`
  await boss.createQueue(name, own.queue)
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  return {
    prepare: () => boss.deleteAllJobs(name),
    enqueue: (number) => boss.send(name, { number }),
    enqueueBatch: (numbers) =>
      boss.insert(
        name,
        numbers.map((number) => ({ data: { number } })),
      ),
    // It is partitioned.
    analyze: () => client.query('analyze pgboss.job'),
    work: async (handler) => {
      await boss.work(name, own.work, async (/** @type {any[]} */ jobs) => {
        for (const { data } of jobs) await handler(data.number)
      })
      return () => boss.offWork(name, { wait: true })
    },
    isDone: async () => {
      const { rows } = await client.query(DONE, [name])
      return rows[0].done
    },
    close: async () => {
      await boss.stop({ graceful: false })
      await client.end()
    },
  }
}
