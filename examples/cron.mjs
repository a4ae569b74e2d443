// Two replicas, one tick. Run it against any PostgreSQL: DATABASE_URL=postgres://… node cron.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'
import { drainSchedules, testClock } from 'fencepost/testing'

const name = `example:${randomUUID()}`
const clock = testClock() // so that nobody has to wait for the night
const replicas = ['one', 'two'].map((application) => fencepost(process.env.DATABASE_URL, { application }))
const [fp] = replicas
const schedules = []
let ran = 0

for (const replica of replicas) {
  const schedule = await replica.cron(name, '0 2 * * *', { tz: 'Europe/Warsaw' }, async ({ transaction }) => {
    await transaction(async (tx) => tx.query('select 1')) // refused, if somebody else should have the tick by now
    ran++
  })
  schedules.push(schedule)
  await drainSchedules(replica, { clock })
}

const look = async () => (await fp.schedules.list()).find((schedule) => schedule.name === name)
const { nextAt } = await look()
await clock.advance(`${Math.max(0, nextAt - Date.now())}ms`)
await Promise.all(replicas.map((replica) => drainSchedules(replica, { clock })))
await Promise.all(schedules.map((schedule) => schedule.stop()))

const { last, missedTicks } = await look()
const hour = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Warsaw' })
console.log('ran', ran, 'at', hour.format(last.scheduledAt), 'in Warsaw:', last.state)
console.log('missed', missedTicks)
await fp.schedules.forget(name)
await Promise.all(replicas.map((replica) => replica.close()))
// ran 1 at 02:00 in Warsaw: done
// missed 0
