// Holds a lock for as long as it is let.
import { fencepost } from 'fencepost'

const fp = fencepost(process.env.DATABASE_URL, { application: 'report', freezeTimeout: '1h' })
await fp.lock('report', async ({ signal }) => {
  console.log('reporting')
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
})
