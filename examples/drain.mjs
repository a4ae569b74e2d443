// Tests of jobs: all that is due is run at once, by a clock that can be moved. DATABASE_URL=postgres://… node drain.mjs
import { defineJob, fencepost } from 'fencepost'
import { drain, testClock } from 'fencepost/testing'

const fp = fencepost(process.env.DATABASE_URL)
const clock = testClock()
let isUp = false

const remind = defineJob({ name: 'remind', queue: 'example', run: ({ user }) => console.log('remind', user) })
const charge = defineJob({
  name: 'charge',
  queue: 'example',
  retry: { attempts: 3, delay: '10m' },
  async run({ user }, job) {
    if (!isUp) throw new Error('the provider is down')
    await fp.enqueue(remind, { user }, { delay: '7d', key: `remind:${user}` })
    return `charged in attempt ${job.attempt}`
  },
})

await fp.enqueue(charge, { user: 42 })
const first = await drain(fp, [charge, remind], { clock })
console.log('failed:', first.failed[0].error.message)

isUp = true
await clock.advance('10m')
const second = await drain(fp, [charge, remind], { clock })
console.log('done:', second.done[0].result)
console.log((await fp.jobs.list({ queue: 'example' })).map(({ name, state }) => `${name} is ${state}`))

await clock.advance('7d')
await drain(fp, [charge, remind], { clock })
console.log('left:', (await fp.jobs.list({ queue: 'example' })).length)
await fp.close()
// failed: the provider is down
// done: charged in attempt 2
// [ 'remind is delayed' ]
// remind 42
// left: 0
