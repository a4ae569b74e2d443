// A hundred callers of two processes, one computation. Run it against any PostgreSQL: DATABASE_URL=postgres://… node single.mjs
import { randomUUID } from 'node:crypto'
import { fencepost } from 'fencepost'

const [one, two] = [fencepost(process.env.DATABASE_URL), fencepost(process.env.DATABASE_URL)]
const key = `example:${randomUUID()}`

let computed = 0
const report = async () => {
  await new Promise((resolve) => setTimeout(resolve, 200))
  return { computation: ++computed, at: new Date() }
}
const ask = (caller) => (caller % 2 ? one : two).single(key, { ttl: '1m' }, report)

const results = await Promise.all(Array.from({ length: 100 }, (_, caller) => ask(caller)))
console.log(
  'callers:',
  results.length,
  'computations:',
  computed,
  'results:',
  new Set(results.map(({ at }) => at)).size,
)
console.log('later:', (await ask(1)).computation)

const failing = () => Promise.reject(new RangeError('too far'))
const failed = await Promise.allSettled([1, 2, 3].map(() => one.single(`${key}:failing`, failing)))
console.log('failed together:', new Set(failed.map(({ reason }) => reason)).size, String(failed[0].reason))
console.log('the next computes:', await two.single(`${key}:failing`, () => 'fine'))

await one.close()
await two.close()
// callers: 100 computations: 1 results: 1
// later: 1
// failed together: 1 RangeError: too far
// the next computes: fine
