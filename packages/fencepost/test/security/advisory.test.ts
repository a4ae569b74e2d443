import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

// What SECURITY.md says a role can do that may connect and nothing else.
const ROLE = `fp_stranger_${process.pid}`
const database = await cloneDatabase()
const { admin } = database
const stranger = new pg.Client(database.as(ROLE, 'x'))

beforeAll(async () => {
  await admin.query(`create role ${ROLE} login password 'x'`)
  await stranger.connect()
})
afterAll(async () => {
  await stranger.end()
  await admin.query(`drop role ${ROLE}`)
  await database[Symbol.asyncDispose]()
})

async function keysOf(name: string, token = 0) {
  const { rows } = await admin.query<{ key: string; gate: string; token: string }>(
    'select fencepost.key($1) as key, fencepost.gate($1) as gate, fencepost.token_key(fencepost.gate($1), $2) as token',
    [name, token],
  )
  return rows[0] ?? { key: '', gate: '', token: '' }
}

test('any role that may connect can keep a name busy; it has no token and is seen', async () => {
  await using fp = fencepost(database.url)
  const { key } = await keysOf('busy')
  await stranger.query('select pg_advisory_lock($1)', [key])
  expect(await fp.tryLock('busy')).toBeNull()
  const [holder] = await fp.who('busy')
  expect(holder).toMatchObject({ token: null, host: null })
  const { rows } = await admin.query<{ usename: string }>('select usename from pg_stat_activity where pid = $1', [
    holder?.backend,
  ])
  expect(rows).toEqual([{ usename: ROLE }])
  await stranger.query('select pg_advisory_unlock_all()')
  await using lock = await fp.tryLock('busy')
  expect(lock).not.toBeNull()
})

test('it cannot take what is held, end who holds it, or read and call anything of the schema', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('held')
  const { key, token } = await keysOf('held', lock.token)
  const [holder] = await fp.who('held')
  for (const taken of [key, token]) {
    const { rows } = await stranger.query(
      'select pg_try_advisory_lock($1) or pg_try_advisory_lock_shared($1) as taken',
      [taken],
    )
    expect(rows).toEqual([{ taken: false }])
  }
  expect((await stranger.query('select pg_advisory_unlock($1) as unlocked', [key])).rows).toEqual([{ unlocked: false }])
  for (const statement of [
    `select pg_terminate_backend(${holder?.backend})`,
    'select * from fencepost.locks',
    `select fencepost.guard('held', ${lock.token})`,
    'delete from fencepost.holders',
  ])
    await expect(stranger.query(statement)).rejects.toMatchObject({ code: '42501' })
  await lock.transaction((tx) => tx.query('select 1'))
})

test('it can vouch for a token that is dead, as it can take the keys that say otherwise: fencing is not against those who mean harm', async () => {
  await using fp = fencepost(database.url)
  const lock = await fp.lock('vouched')
  await lock.release()
  const guard = () => admin.query(`select fencepost.guard('vouched', $1)`, [lock.token])
  await expect(guard()).rejects.toMatchObject({ code: 'LK001' })
  const { key, token } = await keysOf('vouched', lock.token)
  await stranger.query('select pg_advisory_lock($1), pg_advisory_lock($2)', [key, token])
  await guard()
  await stranger.query('select pg_advisory_unlock_all()')
  await expect(guard()).rejects.toMatchObject({ code: 'LK001' })
})
