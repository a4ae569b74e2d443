import { fencepost } from 'fencepost'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { isGateOpen, untilGateClosed } from './gates.ts'
import { PlainClient } from './plain-client.ts'

const database = await cloneDatabase()
const role = `evictor_${process.pid}`
beforeAll(async () => {
  // As an ordinary role has it, tables and sequences included; not the right to evict.
  await database.admin.query(`create role ${role} login password 'x';
    grant usage on schema fencepost to ${role};
    grant select, insert, update, delete on all tables in schema fencepost to ${role};
    grant usage, select, update on all sequences in schema fencepost to ${role}`)
})
afterAll(async () => {
  await database.admin.query(`drop owned by ${role}; drop role ${role}`)
  await database[Symbol.asyncDispose]()
})

const url = database.as(role, 'x')
const grant = () => database.admin.query(`grant execute on procedure fencepost.evict to ${role}`)
const sessionOf = (name: string) =>
  eventually(async () => {
    const { rows } = await database.admin.query('select session from fencepost.holders where name = $1', [name])
    return rows[0]?.session as string | undefined
  })
const revoke = () => database.admin.query(`revoke execute on procedure fencepost.evict from ${role}`)

test('a role without the right is refused, by the procedure and by the table, and told what to grant', async () => {
  await using fp = fencepost(database.url)
  await using mine = fencepost(url)
  await using client = await PlainClient.connect(url)
  await using lock = await fp.lock('a')
  await expect(mine.evict('a')).rejects.toMatchObject({
    code: 'MISSING_PRIVILEGE',
    sql: `grant execute on procedure fencepost.evict to ${role};`,
  })
  await expect(client.query(`call fencepost.evict('a')`)).rejects.toMatchObject({ code: '42501' })
  const forged = `insert into fencepost.evictions (session, key, token, expires_at) values (1, 1, 1, 'infinity')`
  await expect(client.query(forged)).rejects.toMatchObject({ code: '42501' })
  const asked = `select fencepost.request_eviction(fencepost.key('a'), fencepost.gate('a'), $1, 'infinity')`
  await expect(client.query(asked, [lock.token])).rejects.toMatchObject({ code: '42501' })
  expect(lock.signal.aborted).toBe(false)
})

test('a role with the right has holders of other roles let go, and is told by whom they were', async () => {
  await grant()
  await using fp = fencepost(database.url)
  await using mine = fencepost(url, { application: 'mine' })
  await using lock = await fp.lock('b')
  expect(await mine.evict('b', { grace: '60s' })).toMatchObject({ outcome: 'released', token: lock.token })
  expect(lock.signal.reason.cause).toMatchObject({ code: 'EVICTED', role, application: 'mine' })
  await revoke()
})

test('a frozen holder of another role that it may not end is reported, keeps its lock, and the gate is open again', async () => {
  await grant()
  await using holder = await Remote.start(database.url)
  await using mine = fencepost(url)
  await holder.call('lock', 'c')
  holder.freeze()
  await expect(mine.evict('c', { grace: '300ms' })).rejects.toMatchObject({
    code: 'EVICTION_FAILED',
    message: expect.stringContaining('grant pg_signal_backend to'),
  })
  expect(await isGateOpen(database.admin, 'c')).toBe(true)
  // The request was for the time of the grace only.
  holder.thaw()
  await holder.call('write', 'c', 'select 1')
  expect(await holder.call('lost', 'c')).toBe(false)
  await revoke()
})

test('a forged notification makes nobody let go', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('d')
  const listens = `select from pg_stat_activity where query like '%pending_evictions%' and datname = current_database()`
  await eventually(async () => (await database.admin.query(listens)).rowCount)
  const session = await sessionOf('d')
  const key = (await database.admin.query(`select fencepost.key('d') as key`)).rows[0].key
  await using client = await PlainClient.connect(url)
  for (const payload of [`evict:${key}:${lock.token}`, `evict:${key}`, 'evict:', `evict:${'9'.repeat(19)}:1`, '{}'])
    await client.query('select pg_notify($1, $2)', [`fencepost:${session}`, payload])
  // What was sent before is heard before: a real one comes behind them all.
  await using other = await fp.lock('d other')
  await fp.evict('d other', { grace: '60s' })
  expect([other.signal.aborted, lock.signal.aborted]).toEqual([true, false])
  await lock.transaction(async () => {})
})

test('a request that has expired, or names another token, makes nobody let go', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('e')
  const session = await sessionOf('e')
  await database.admin.query(
    `insert into fencepost.evictions (session, key, token, expires_at) values
      ($1, fencepost.key('e'), $2, clock_timestamp() - interval '1 s'), ($1, fencepost.key('e'), $2 + 2, 'infinity')`,
    [session, lock.token],
  )
  await database.admin.query(`select pg_notify('fencepost:' || $1, 'evict:1:1')`, [session])
  await using other = await fp.lock('e other')
  await fp.evict('e other', { grace: '60s' })
  expect([other.signal.aborted, lock.signal.aborted]).toEqual([true, false])
})

test('an evictor that is killed in the middle leaves nothing closed', async () => {
  await using holder = await PlainClient.connect(database.url)
  const [row] = (await holder.query(`call fencepost.lock('f')`)).rows
  const guard = () => database.admin.query(`select fencepost.guard('f', $1)`, [row.token])

  await using process = await Remote.start(database.url)
  void process.call('evict', 'f', { grace: '10m' }).catch(() => {})
  await untilGateClosed(database.admin, 'f')
  await process.kill()
  await eventually(() => isGateOpen(database.admin, 'f'))
  await guard()

  for (const how of ['pg_cancel_backend', 'pg_terminate_backend']) {
    await using client = await PlainClient.connect(database.url)
    const backend = await client.backend()
    const evicting = expect(client.query(`call fencepost.evict('f', grace => '10 min')`)).rejects.toThrow(
      /cancel|terminat/,
    )
    await untilGateClosed(database.admin, 'f')
    await database.admin.query(`select ${how}($1)`, [backend])
    await evicting
    await eventually(() => isGateOpen(database.admin, 'f'))
    await guard()
  }
})

test('an eviction is given up with its signal and at the close, and the gate is open then', async () => {
  await using holder = await PlainClient.connect(database.url)
  await holder.query(`call fencepost.lock('g')`)
  const fp = fencepost(database.url)
  const enough = new AbortController()
  const evicting = expect(fp.evict('g', { grace: '10m', signal: enough.signal })).rejects.toThrow('enough')
  await untilGateClosed(database.admin, 'g')
  enough.abort(new Error('enough'))
  await evicting
  await eventually(() => isGateOpen(database.admin, 'g'))
  const closed = expect(fp.evict('g', { grace: '10m' })).rejects.toMatchObject({ code: 'CLOSED' })
  await untilGateClosed(database.admin, 'g')
  await fp.close()
  await closed
  await eventually(() => isGateOpen(database.admin, 'g'))
  expect(holder.isOver).toBe(false)
})

test('a holder past fencepost is ended only if its backend is named, and another backend that is named is not', async () => {
  await using holder = await PlainClient.connect(database.url)
  await using fp = fencepost(database.url)
  await holder.query(`select pg_advisory_lock(fencepost.key('h'))`)
  const backend = await holder.backend()
  await expect(fp.evict('h')).rejects.toMatchObject({
    code: 'EVICTION_FAILED',
    message: expect.stringContaining(String(backend)),
  })
  expect(await fp.evict('h', { backend: backend + 1 })).toMatchObject({ outcome: 'changed', holders: [{ backend }] })
  expect(holder.isOver).toBe(false)
  expect(await fp.evict('h', { backend, grace: '0s' })).toMatchObject({ outcome: 'terminated', token: null })
  await eventually(async () => holder.isOver)
  await using lock = await fp.lock('h', { wait: '30s' })
  expect(await fp.evict('h', { backend })).toMatchObject({ outcome: 'changed', holders: [{ token: lock.token }] })
})

test('what cannot be right is a TypeError, and evict is refused inside a transaction', async () => {
  await using fp = fencepost(database.url)
  for (const [name, options] of [
    ['', {}],
    ['a', { grace: 5 }],
    ['a', { token: '7' }],
    ['a', { token: 1, backend: 1 }],
    ['a', { signal: {} }],
    ['a', { force: true }],
  ] as const) {
    await expect(fp.evict(name, options as never)).rejects.toBeInstanceOf(TypeError)
  }
  await using client = await PlainClient.connect(database.url)
  await client.query('begin')
  await expect(client.query(`call fencepost.evict('a')`)).rejects.toMatchObject({ code: '2D000' })
})
