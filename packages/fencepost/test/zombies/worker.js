// A process of a campaign: it takes the lock of an account, looks whether that has been paid, and pays it. It does not look at its
// signal, and begins again what failed before COMMIT was sent: nothing but the guard keeps it from paying what was paid
// meanwhile. Plain JavaScript: it runs as it stands.
import { setTimeout as pause } from 'node:timers/promises'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { describe, record, settings } from '../history/run/life.js'

const AGAIN_MS = 20
const PATIENCE_MS = 20_000
const fp = fencepost(settings.url, settings.library)
const pool = new pg.Pool({ connectionString: settings.url, max: 20 })
pool.on('error', () => {})
// While it is used too, and after it was given back as broken.
pool.on('connect', (client) => client.on('error', () => {}))

process.on('message', (order) => void (order.id === 'warm-up' ? warmUp(order) : work(order)))
process.on('disconnect', () => process.exit())
process.send('ready')

async function warmUp({ id }) {
  await untilAnswered(() => fp.lock(settings.life, () => pool.query('select 1')))
  process.send({ id })
}

async function work(order) {
  const { id, name, thinks } = order
  record('called', id, { name, mode: 'exclusive', op: 'lock', within: null, limitMs: null })
  let lock
  try {
    lock = await fp.lock(name)
  } catch (error) {
    record('refused', id, describe(error))
    return process.send({ id, outcome: 'no lock' })
  }
  record('granted', id, { token: lock.token })
  lock.signal.addEventListener('abort', () => record('lost', id), { once: true })
  await pause(thinks[0])
  const outcome = await payOnce(lock, order)
  record('release', id)
  await lock.release()
  record('released', id, { isLost: lock.signal.aborted })
  process.send({ id, outcome })
}

/** What was read outside of a transaction is what every try goes by. */
async function payOnce(lock, order) {
  const { id, name, thinks } = order
  const { rowCount: paid } = await untilAnswered(() => pool.query('select from effects where name = $1', [name]))
  if (paid > 0) return 'paid already'
  await pause(thinks[1])
  const giveUpAt = performance.now() + PATIENCE_MS
  for (let n = 0; ; n++) {
    const write = { id: `${id}#${n}`, row: [`${id}#${n}`, name, lock.token, paid + 1], isCommitting: false }
    record('write', write.id, { isolation: 'read committed' })
    try {
      await (order.form === 'transaction' ? payInTransaction : payByGuard)(lock, write, order)
      record('committed', write.id)
      return 'paid'
    } catch (error) {
      record('uncommitted', write.id, describe(error))
      if (error.code === 'STALE_TOKEN') return 'refused'
      if (write.isCommitting) return 'not known'
      if (performance.now() > giveUpAt) return 'given up'
      await pause(order.againMs)
    }
  }
}

async function payInTransaction(lock, write, { thinks }) {
  await lock.transaction(async (tx) => {
    await insert(tx, write)
    await pause(thinks[2])
    commits(write)
  })
}

async function payByGuard(lock, write, { thinks, isGuarded }) {
  const client = await pool.connect()
  let broken
  try {
    await client.query('begin')
    await insert(client, write)
    await pause(thinks[2])
    if (isGuarded) await lock.guard(client)
    await pause(thinks[3])
    commits(write)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch((failed) => (broken ??= failed))
    throw error
  } finally {
    client.release(broken)
  }
}

async function insert(tx, { row }) {
  await tx.query(`insert into effects (id, name, token, mode, n) values ($1, $2, $3, 'exclusive', $4)`, row)
}

function commits(write) {
  write.isCommitting = true
  record('commit', write.id)
}

/** The server may be down just now. */
async function untilAnswered(ask) {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await pause(AGAIN_MS)
    }
  }
}
