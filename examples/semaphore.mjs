// Five callers of two processes, two permits. Run it against any PostgreSQL: DATABASE_URL=postgres://… node semaphore.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'

const [one, two] = [fencepost(process.env.DATABASE_URL), fencepost(process.env.DATABASE_URL)]
const name = `example:${randomUUID()}`

let inside = 0
let most = 0
const call = (fp) =>
  fp.semaphore(name, 2).acquire({ wait: '30s' }, async ({ number }) => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 20))
    inside--
    return number
  })
const numbers = await Promise.all([one, two, one, two, one].map(call))
console.log('served:', numbers.length, 'at a time:', most, 'numbers:', new Set(numbers).size)

const held = [await one.semaphore(name, 2).acquire(), await two.semaphore(name, 2).acquire()]
console.log('a third:', await one.semaphore(name, 2).tryAcquire())
console.log('holders:', (await two.semaphore(name, 2).who()).length)
await Promise.all(held.map((permit) => permit.release()))

const other = two.semaphore(name, 3)
console.log('another number:', await other.tryAcquire().catch((error) => error.code))
const inItsPlace = two.semaphore(name, 3, { replaces: 2 })
console.log('in its place:', await inItsPlace.acquire(() => inItsPlace.permits))

await one.close()
await two.close()
// served: 5 at a time: 2 numbers: 2
// a third: null
// holders: 2
// another number: PERMITS_DIFFER
// in its place: 3
