// A process of its own that takes a lock, opens a transaction of one client, and goes on as it is told over IPC.
import { fencepost } from 'fencepost'
import { openClient } from './open-client.js'

const [client, url, options] = JSON.parse(process.argv[2])
const fp = fencepost(url, options)
const opened = await openClient(client, url)

let lock
let goOn
let ended

const calls = {
  async lock(name) {
    lock = await fp.lock(name)
    return lock.token
  },
  /** Writes in a transaction that stays open until `guard`. */
  write: (text) =>
    new Promise((written, failed) => {
      const told = new Promise((resolve) => (goOn = resolve))
      ended = opened.transaction(async (tx, run) => {
        await run(text)
        written()
        await told
        await lock.guard(tx)
      })
      ended.catch(failed)
    }),
  /** Guards it, and commits it if that is not refused. */
  async guard() {
    goOn()
    await ended
  },
}

process.on('message', ({ id, call, args }) => {
  calls[call](...args).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, error: { code: error.code, message: error.message, cause: error.cause?.code } }),
  )
})
process.on('disconnect', () => process.exit())
process.send('ready')
