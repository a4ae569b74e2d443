// A process of a crew: it runs jobs that each pay once, and thinks before, inside and after the transaction. Plain JavaScript: it runs as it
// stands.
import { setTimeout as pause } from 'node:timers/promises'
import { defineJob, fencepost } from 'fencepost'

const { url, life, library, isTransactional, concurrency, thoughtMs } = JSON.parse(process.argv[2])
const FAILS = 0.05
// Half of its jobs at most are in their transactions.
const pool = { connectionString: url, max: Math.ceil(concurrency / 2) }
const fp = fencepost(pool, { ...library, application: `crew ${life}` })

const think = async () => {
  if (thoughtMs > 0) await pause(Math.random() * thoughtMs)
}

const pay = async (tx, { place, group }, job) =>
  await tx.query('insert into payments (job, grp, place, attempt, token, life) values ($1, $2, $3, $4, $5, $6)', [
    job.id,
    group,
    place,
    job.attempt,
    job.token,
    life,
  ])

const countRefused = (error) => {
  if (error.code === 'STALE_JOB') process.send({ refused: error.message })
}

const payment = defineJob({
  name: 'payment',
  retry: { attempts: 1000, delay: '20ms', maxDelay: '100ms' },
  async run(payload, job) {
    await think()
    if (Math.random() < FAILS) throw new Error('it did not work out this time')
    if (isTransactional) {
      await job
        .transaction(async (tx) => {
          await pay(tx, payload, job)
          await think()
        })
        .catch((error) => {
          countRefused(error)
          throw error
        })
    } else {
      await fp.transaction(`unrelated:${life}:${job.id}`, async (tx) => await pay(tx, payload, job))
    }
    await think()
  },
})

const worker = fp.worker([payment], { concurrency, onError: countRefused })
process.on(
  'message',
  () =>
    void worker
      .stop({ grace: '5s' })
      .then(() => fp.close())
      .then(() => process.exit()),
)
process.on('disconnect', () => process.exit())
process.send('ready')
