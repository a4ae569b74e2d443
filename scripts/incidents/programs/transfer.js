// Moves money between two accounts: takes the lock of the first, and when both processes have theirs, that of the second.
import { once } from 'node:events'
import { fencepost } from 'fencepost'

const [application = 'transfer', from = 'account:1', to = 'account:2'] = process.argv.slice(2)
const fp = fencepost(process.env.DATABASE_URL, { application })
const first = await fp.lock(from)
console.log('has the first')
first.signal.addEventListener('abort', () => console.log('lost the first'))
// A handle does not know who waits for it, so nobody can tell that this is a deadlock: the callback forms can.
await once(process, 'SIGUSR1')
const second = await fp.lock(to)
console.log('has both')
await second.release()
await first.release()
console.log('done')
