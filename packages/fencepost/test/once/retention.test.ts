import { fencepost, type OnceRun } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be run')
}
const run = ({ attempt, idempotencyKey }: OnceRun) => ({ attempt, idempotencyKey })
const expire = async (key: string) =>
  await database.admin.query(`update fencepost.once_keys set expires_at = now() - interval '1 s' where key = $1`, [key])

test('once: a key is kept for its retention, in days beyond what a timer counts, and then as new', async () => {
  await using fp = fencepost(database.url)
  const first = await fp.once('a', { retention: '400d' }, run)
  const { rows } = await database.admin.query(
    `select extract(days from expires_at - settled_at)::integer as days from fencepost.once_keys where key = 'a'`,
  )
  expect(rows).toEqual([{ days: 400 }])
  expect(await fp.once('a', { retention: '1s' }, never)).toEqual(first)
  await expire('a')
  const second = await fp.once('a', { retention: '1d' }, run)
  expect(second).toEqual({ attempt: 1, idempotencyKey: expect.not.stringContaining(first.idempotencyKey) })
  await expire('a')
  expect(await fp.once('a', { transaction: true }, () => 'third')).toBe('third')

  await fp.once('b', { retention: '1h' }, () => Promise.reject(new Error('no'))).catch(() => {})
  await expire('b')
  expect(await fp.once('b', () => 'again')).toBe('again')
})

test('once: each run removes a few whose time is over, by the index of those, and nothing that is not settled', async () => {
  await database.admin.query(
    `insert into fencepost.once_keys (namespace, key, state, token, application, host, process, settled_at, expires_at)
    select 'default', state || ' ' || n, state, 2, '', '', 0,
      case when state = 'uncertain' then null else now() end, case when state = 'done' and n <= 45 then now() - interval '1 h' end
    from generate_series(1, 2000) as n, unnest(array['done', 'uncertain']) as state`,
  )
  await database.admin.query('analyze fencepost.once_keys')
  const count = async (state: string) =>
    (await database.admin.query('select from fencepost.once_keys where key like $1', [`${state} %`])).rowCount
  await using fp = fencepost(database.url)
  for (const left of [1980, 1960, 1955, 1955]) {
    await fp.once(`sweep ${left} ${Math.random()}`, () => {})
    expect(await count('done')).toBe(left)
  }
  expect(await count('uncertain')).toBe(2000)
  const { rows } = await database.admin.query(
    `explain select key from fencepost.once_keys where expires_at <= clock_timestamp() order by expires_at limit 20`,
  )
  expect(JSON.stringify(rows)).toContain('once_keys_expiring')
})

test('once: somebody who has locked the table keeps no outcome from its caller', async () => {
  await using fp = fencepost(database.url)
  const client = await database.admin.connect()
  const result = await fp.once('locked', async () => 'done')
  await client.query('begin; select * from fencepost.once_keys for update')
  expect(await fp.once('locked', never)).toBe(result)
  expect(await fp.once('unlocked', () => 5)).toBe(5)
  await client.query('rollback')
  client.release()
})
