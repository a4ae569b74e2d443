import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { describe, record, settings } from './life.js'

/** Some hand-overs long. */
const CUT_OFF_MS = 40
const pool = new pg.Pool({ connectionString: settings.url, max: 2 })
pool.on('error', () => {})

/** One guarded transaction, in one of its two forms. It never fails: a refusal is written down. */
export async function write(lock, { form, isolation, fault, forMs }, id) {
  const strike = () => (fault === 'none' ? undefined : suffer(fault, forMs, lock.name))
  record('write', id, { isolation })
  try {
    if (form === 'transaction') {
      const work = async (tx) => {
        await change(tx, lock, id)
        await strike()
        record('commit', id)
      }
      await lock.transaction(work, { isolation })
    } else await writeByGuard(lock, isolation, { id, strike })
    record('committed', id)
  } catch (error) {
    record('uncommitted', id, describe(error))
  }
}

async function writeByGuard(lock, isolation, { id, strike }) {
  const client = await pool.connect()
  let broken
  const listen = (error) => (broken = error)
  client.on('error', listen)
  try {
    await client.query(`begin isolation level ${isolation}`)
    await change(client, lock, id)
    await lock.guard(client)
    await strike()
    record('commit', id)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch((failed) => (broken ??= failed))
    throw error
  } finally {
    client.off('error', listen)
    client.release(broken)
  }
}

/** The classic: read a counter, think, write it back. Sharers only write down what they read. */
async function change(tx, { name, token, mode }, id) {
  const { rows } = await tx.query('select n from counters where name = $1', [name])
  await pause(0)
  const n = Number(rows[0].n) + (mode === 'shared' ? 0 : 1)
  const row = [id, name, token, mode, n]
  await tx.query('insert into effects (id, name, token, mode, n) values ($1, $2, $3, $4, $5)', row)
  if (mode !== 'shared') await tx.query('update counters set n = $1 where name = $2', [n, name])
}

/** In the middle of a transaction. The process that started us thaws us. */
async function suffer(fault, forMs, name) {
  if (fault === 'cut') return await cutOff(name)
  if (fault === 'freeze') await new Promise((resolve) => process.send({ thawAfterMs: forMs }, resolve))
  record(fault, settings.life)
  process.kill(process.pid, fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  record('thawed', settings.life)
}

/** Ends the connection that holds the lock, and leaves others the time to take it if they can. */
async function cutOff(name) {
  record('terminate', settings.life)
  await pool.query('select pg_terminate_backend(backend) from fencepost.who($1) where application = $2', [
    name,
    settings.library.application,
  ])
  record('terminated', settings.life)
  await pause(CUT_OFF_MS)
}
