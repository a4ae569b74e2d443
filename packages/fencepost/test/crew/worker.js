// A process of a crew: it runs jobs that each pay once, and thinks before, inside and after the transaction. Plain JavaScript: it runs as it
// stands.
import { setTimeout as pause } from 'node:timers/promises'
import { defineJob, fencepost } from 'fencepost'

const [url, life, options, isTransactional] = JSON.parse(process.argv[2])
const LONGEST_THOUGHT_MS = 20
const FAILS = 0.05
const fp = fencepost(url, { ...options, application: `crew ${life}` })

const think = () => pause(Math.random() * LONGEST_THOUGHT_MS)

const pay = async (tx, { place, group }, job) =>
  await tx.query('insert into payments (job, grp, place, attempt, token, life) values ($1, $2, $3, $4, $5, $6)', [
    job.id,
    group,
    place,
    job.attempt,
    job.token,
    life,
  ])

const payment = defineJob({
  name: 'payment',
  retry: { attempts: 1000, delay: '20ms', maxDelay: '100ms' },
  async run(payload, job) {
    await think()
    if (Math.random() < FAILS) throw new Error('it did not work out this time')
    if (isTransactional) {
      const refused = (error) => {
        if (error.code === 'STALE_JOB') process.send({ refused: job.id })
        throw error
      }
      await job
        .transaction(async (tx) => {
          await pay(tx, payload, job)
          await think()
        })
        .catch(refused)
    } else {
      await fp.transaction(`unrelated:${life}:${job.id}`, async (tx) => await pay(tx, payload, job))
    }
    await think()
  },
})

const worker = fp.worker([payment], { concurrency: 8 })
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
