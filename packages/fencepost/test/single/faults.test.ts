import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'
import { computedOf, createComputed } from './computed.ts'

const database = await cloneDatabase()
const { admin } = database
await createComputed(admin)
afterAll(() => database[Symbol.asyncDispose]())

const untilComputing = async (key: string) => await eventually(async () => (await computedOf(admin, key)).length > 0)
const resultOf = async (key: string) => {
  const { rows } = await admin.query(`select result from fencepost.single_results where key = $1`, [key])
  return (rows[0]?.result ?? null) as { process: number } | null
}

test('P4: when who computes is killed, the first of those who wait computes, and all get that', async () => {
  await using killed = await Remote.start(database.url)
  await using next = await Remote.start(database.url)
  await using last = await Remote.start(database.url)
  void killed.call('singleUntilFinished', 'kill').catch(() => {})
  await untilComputing('kill')
  const waiting = [next.call('single', 'kill')]
  await untilInLine(admin, 'kill', 1)
  waiting.push(last.call('single', 'kill'), next.call('single', 'kill'))
  await untilInLine(admin, 'kill', 2)
  await killed.kill()
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ process: next.pid })))
  expect(await computedOf(admin, 'kill')).toEqual([killed.pid, next.pid])
})

test('P3, P4: when who computes is frozen, the next computes; what the frozen one comes to is refused, and its caller gets what is kept', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '2s' })
  await using next = await Remote.start(database.url)
  const late = frozen.call('singleUntilFinished', 'freeze', { ttl: '1h' })
  await untilComputing('freeze')
  frozen.freeze()
  expect(await next.call('single', 'freeze', { ttl: '1h' })).toEqual({ process: next.pid })
  frozen.thaw()
  await frozen.call('finishSingle', 'freeze')
  expect(await late).toEqual({ process: next.pid })
  expect(await resultOf('freeze')).toEqual({ process: next.pid })
  expect(await computedOf(admin, 'freeze')).toEqual([frozen.pid, next.pid])
})

test('P3: a computation that has lost its lock keeps nothing, though nobody has come since, and is done again', async () => {
  await using fp = fencepost(database.url)
  const seen: (AbortSignal | undefined)[] = []
  const result = await fp.single('lost', { ttl: '1h' }, async ({ signal }) => {
    seen.push(signal)
    if (seen.length > 1) return 'second'
    await admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('lost', 'default/single')`)
    return 'first'
  })
  expect(result).toBe('second')
  expect(seen).toHaveLength(2)
  await eventually(async () => seen[0]?.aborted)
  expect(await fp.single('lost', () => 'third')).toBe('second')
})

test('P3: the database refuses what comes under a token that has gone on, and takes nothing older for a newer result', async () => {
  await using fp = fencepost(database.url)
  const kept = async () =>
    (await admin.query<{ token: string }>(`select token from fencepost.single_results where key = 'token'`)).rows[0]
      ?.token
  await fp.single('token', { ttl: '1h' }, () => 'first')
  const stale = await kept()
  await admin.query(`update fencepost.single_results set expires_at = now() where key = 'token'`)
  await fp.single('token', { ttl: '1h' }, () => 'second')
  const store = `select fencepost.single_store('default', 'token', ${stale}, '"late"', null, '1 h', '', '', 0) as stored`
  const client = await admin.connect()
  await client.query('begin')
  await client.query(store)
  await expect(client.query(`select fencepost.guard('token', ${stale}, 'default/single')`)).rejects.toMatchObject({
    code: 'LK001',
  })
  await client.query('rollback')
  expect((await client.query(store)).rows).toEqual([{ stored: false }])
  client.release()
  expect(Number(await kept())).toBeGreaterThan(Number(stale))
  expect(await fp.single('token', () => 'third')).toBe('second')
})

test('a computation whose lock is lost each time is given up, with the loss', async () => {
  await using fp = fencepost(database.url)
  let times = 0
  const lost = fp.single('always lost', async () => {
    times++
    await admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('always lost', 'default/single')`)
    await new Promise(() => {})
  })
  await expect(lost).rejects.toMatchObject({ code: 'LOCK_LOST' })
  expect(times).toBe(3)
  expect(await fp.single('always lost', () => 'now')).toBe('now')
})

test('a crash of the server takes the results with it, and those who wait are served after it', async () => {
  await using server = await ownServer()
  await using fp = fencepost(server.url)
  await using other = fencepost(server.url)
  let computed = 0
  expect(await fp.single('crash', { ttl: '1h' }, () => ++computed)).toBe(1)
  await server.restart('crash')
  expect(
    await eventually(async () => await other.single('crash', { ttl: '1h' }, () => ++computed).catch(() => null)),
  ).toBe(2)
  expect(await fp.single('crash', () => ++computed)).toBe(2)
  const restarted = fp.single('restart', async ({ signal }) => {
    if (++computed > 3) return computed
    await server.restart('fast')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return computed
  })
  expect(await restarted).toBe(4)
})
