// Two test runs that share one database. DATABASE_URL=postgres://… node test-lock.mjs; at the top of a test file: testLock('billing')
import { once } from 'node:events'
import { expire, memoryLocks, testClock, testLock } from 'fencepost/testing'

const order = []
const first = await testLock.acquire('example', { application: 'first run' })
const second = testLock.acquire('example', { wait: '1m', every: '1s' }).then(async (lock) => {
  order.push('second')
  return lock
})
order.push('first')
await first.release()
const lock = await second
console.log('alone, one after the other:', order.join(', '))
await lock.assertHeld()
console.log('lost meanwhile:', lock.signal.aborted)
await lock.release()

// Without a database: the same locks in memory, and a clock that is moved.
const clock = testClock()
const fp = memoryLocks({ clock })
const other = fp.peer({ application: 'other' })
const held = await other.lock('report')
const late = fp.lock('report', { wait: '1h' }).catch((error) => error.code)
await clock.advance('1h')
console.log('after an hour:', await late)
const told = once(held.signal, 'abort')
await expire(held)
await told
console.log('the holder is told:', held.signal.reason.code)
// alone, one after the other: first, second
// lost meanwhile: false
// after an hour: LOCK_TIMEOUT
// the holder is told: LOCK_LOST
