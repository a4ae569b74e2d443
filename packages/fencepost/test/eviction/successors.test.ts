import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'
import { untilAtGate, untilGateClosed } from './gates.ts'
import { PlainClient } from './plain-client.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const lock = async (client: PlainClient, name: string): Promise<string> =>
  (await client.query<{ token: string }>(`call fencepost.lock('${name}')`)).rows[0]?.token ?? ''
const guard = (name: string, token: unknown) => database.admin.query('select fencepost.guard($1, $2)', [name, token])

/** The evictor has looked who holds the name and stands before the table of requests until it is told to go on. */
async function heldAtRequest(name: string) {
  const client = await database.admin.connect()
  await client.query('begin; lock table fencepost.evictions in share mode')
  const evicting = database.admin.query(`call fencepost.evict('${name}', grace => '200 ms')`)
  const waits = `select from pg_locks where relation = 'fencepost.evictions'::regclass and not granted`
  await eventually(async () => (await client.query(waits)).rowCount)
  return {
    async goOn() {
      await client.query('commit')
      client.release()
      return (await evicting).rows[0]
    },
    /** The grace is over by then: it would end whom it finds. */
    untilLate: () => client.query('select pg_sleep(0.3)'),
  }
}

test('P1: whoever takes the name between look and act is not hit, neither another session nor the same backend (H16 a)', async () => {
  for (const isSame of [false, true]) {
    await using old = await PlainClient.connect(database.url)
    await using other = await PlainClient.connect(database.url)
    await lock(old, 'between')
    const evictor = await heldAtRequest('between')
    await old.query(`select fencepost.unlock('between')`)
    const successor = isSame ? old : other
    const token = await lock(successor, 'between')
    await evictor.untilLate()
    expect(await evictor.goOn()).toMatchObject({ outcome: 'released' })
    await successor.query('select 1')
    expect([old.isOver, other.isOver]).toEqual([false, false])
    await guard('between', token)
    await successor.query(`select fencepost.unlock('between')`)
  }
})

test('P1: a guarded transaction of the successor is not ended, though it keeps the gate beyond the grace (H16 a)', async () => {
  await using old = await PlainClient.connect(database.url)
  await using successor = await PlainClient.connect(database.url)
  await using writer = await PlainClient.connect(database.url)
  await lock(old, 'guarded')
  const evictor = await heldAtRequest('guarded')
  await old.query(`select fencepost.unlock('guarded')`)
  const token = await lock(successor, 'guarded')
  await writer.query('begin')
  await writer.query(`select fencepost.guard('guarded', $1)`, [token])
  await evictor.untilLate()
  expect(await evictor.goOn()).toMatchObject({ outcome: 'released' })
  await writer.query('commit')
  await guard('guarded', token)
})

test('P1: who is to be ended is looked for once more as it is done, and a successor and its guards are not among them (H16 a)', async () => {
  await using old = await PlainClient.connect(database.url)
  await using successor = await PlainClient.connect(database.url)
  await using writer = await PlainClient.connect(database.url)
  const evicted = await lock(old, 'once more')
  const end = async () => {
    const text = `select fencepost.end_evictees('once more', fencepost.key('once more'), fencepost.gate('once more'), $1, null, now()) as done`
    return (await database.admin.query(text, [evicted])).rows[0].done
  }
  await old.query(`select fencepost.unlock('once more')`)
  const token = await lock(successor, 'once more')
  await writer.query('begin')
  await writer.query(`select fencepost.guard('once more', $1)`, [token])
  expect(await end()).toBe(false)
  await writer.query('commit')
  await successor.query('select 1')
  expect([old.isOver, successor.isOver, writer.isOver]).toEqual([false, false, false])
})

test('P1: over many rounds of one that lets go and one that waits, no eviction of the first ever hits the second', async () => {
  let [old, next] = [await PlainClient.connect(database.url), await PlainClient.connect(database.url)]
  await using writer = await PlainClient.connect(database.url)
  let token = await lock(old, 'rounds')
  const outcomes = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const waiting = lock(next, 'rounds')
    const grace = `${Math.floor(Math.random() * 120)} ms`
    const evicting = database.admin.query(`call fencepost.evict('rounds', ${token}, '${grace}')`)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 80))
    await old.query(`select fencepost.unlock('rounds')`).catch(() => {})
    const granted = await waiting
    await writer.query('begin')
    await writer.query(`select fencepost.guard('rounds', $1)`, [granted])
    const { outcome } = (await evicting).rows[0]
    outcomes.add(outcome)
    await writer.query('commit')
    await next.query('select 1')
    await guard('rounds', granted)
    await expect(guard('rounds', token)).rejects.toMatchObject({ code: 'LK001' })
    // It hears of its end a moment later.
    if (outcome === 'terminated') old = await PlainClient.connect(database.url)
    else await old.query('select 1')
    ;[old, next, token] = [next, old, granted]
  }
  // Both ways happened, or it shows nothing.
  expect([...outcomes]).toEqual(expect.arrayContaining(['released', 'terminated']))
  await Promise.all([old.end(), next.end()])
})

test('readers are all evicted together, and whoever comes meanwhile has a token that is good (H16 c)', async () => {
  await using frozen = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const first = await fp.lock('readers', { shared: true })
  const token = await frozen.call<number>('lock', 'readers', { shared: true })
  await using twice = await fp.lock('readers', { shared: true })
  expect([first.token, twice.token]).toEqual([token, token])
  // Written down a moment after their grant.
  await eventually(async () => (await fp.who('readers')).filter(({ acquiredAt }) => acquiredAt !== null).length === 3)
  frozen.freeze()
  const evicting = other.evict('readers', { grace: '2s' })
  await untilGateClosed(database.admin, 'readers')
  await eventually(async () => first.signal.aborted && twice.signal.aborted)
  expect(await fp.tryLock('readers', { shared: true })).toBeNull()
  const coming = [fp, other].map((one) => one.lock('readers', { shared: true }))
  await untilInLine(database.admin, 'readers', 2)
  expect(await evicting).toMatchObject({ outcome: 'terminated', token, holders: [{ token }, { token }, { token }] })
  for (const granted of await Promise.all(coming)) {
    expect(granted.token).toBeGreaterThan(token)
    await granted.transaction(async () => {})
    await granted.release()
  }
  await expect(guard('readers', token)).rejects.toMatchObject({ code: 'LK001' })
})

test('a reader who is joining the others as they are evicted is evicted with them, not left with a dead token (H16 c)', async () => {
  await using fp = fencepost(database.url)
  await using joining = await PlainClient.connect(database.url)
  await using reader = await fp.lock('joining', { shared: true })
  const share = `select fencepost.acquire_shared(fencepost.key('joining'), fencepost.gate('joining'))`
  await joining.query('begin')
  const [row] = (await joining.query(share)).rows
  expect(row.acquire_shared).toContain(String(reader.token))
  const evicting = database.admin.query(`call fencepost.evict('joining', grace => '1 s')`)
  const waits = `select from fencepost.advisory_locks(fencepost.lock_table())
    where key = fencepost.mutex(fencepost.gate('joining')) and not granted`
  await eventually(async () => (await database.admin.query(waits)).rowCount)
  await joining.query('commit')
  expect((await evicting).rows).toMatchObject([{ outcome: 'terminated' }])
  await eventually(async () => joining.isOver)
  expect(reader.signal.aborted).toBe(true)
  await expect(guard('joining', reader.token)).rejects.toMatchObject({ code: 'LK001' })
  await using next = await fp.lock('joining', { wait: '30s' })
  expect(next.token).toBeGreaterThan(reader.token)
})

test('a caller who joins the readers of its own process as they are evicted is evicted too (H16 c)', async () => {
  await using fp = fencepost(database.url)
  await using reader = await fp.lock('joins here', { shared: true })
  const session = await eventually(async () => {
    const { rows } = await database.admin.query(`select session from fencepost.holders where name = 'joins here'`)
    return rows[0]?.session as string | undefined
  })
  await using mutex = await PlainClient.connect(database.url)
  await mutex.query(`select pg_advisory_lock(fencepost.mutex(fencepost.gate('joins here')))`)
  const joining = fp.lock('joins here', { shared: true })
  // What the procedure writes, which would wait for the mutex.
  await mutex.query(
    `insert into fencepost.evictions (session, key, token, expires_at) values ($1, fencepost.key('joins here'), $2, 'infinity')`,
    [session, reader.token],
  )
  await mutex.query(`select pg_notify('fencepost:' || $1, 'evict:1:1')`, [session])
  await eventually(async () => reader.signal.aborted)
  await mutex.query(`select pg_advisory_unlock(fencepost.mutex(fencepost.gate('joins here')))`)
  await using joined = await joining
  expect(joined.signal.reason).toMatchObject({ cause: { code: 'EVICTED' } })
  await eventually(async () => (await fp.who('joins here')).length === 0)
})

test('readers whose eviction is given up keep their token; whoever comes has a larger one, and is not hit by the next eviction', async () => {
  await using reader = await PlainClient.connect(database.url)
  await using evictor = await PlainClient.connect(database.url)
  await using fp = fencepost(database.url)
  const share = `select (split_part(fencepost.acquire_shared(fencepost.key('stay'), fencepost.gate('stay')), ' ', 1)::bigint[])[1] as token`
  const [{ token }] = (await reader.query(share)).rows
  const backend = await evictor.backend()
  const evicting = expect(evictor.query(`call fencepost.evict('stay', grace => '10 min')`)).rejects.toThrow(/cancel/)
  await untilGateClosed(database.admin, 'stay')
  await database.admin.query('select pg_cancel_backend($1)', [backend])
  await evicting
  await using later = await fp.lock('stay', { shared: true, wait: '30s' })
  expect(later.token).toBeGreaterThan(Number(token))
  await guard('stay', token)
  await guard('stay', later.token)
  expect(await fp.tryLock('stay')).toBeNull()
  expect(await fp.evict('stay', { grace: '100ms' })).toMatchObject({ outcome: 'terminated', token: Number(token) })
  await expect(guard('stay', token)).rejects.toMatchObject({ code: 'LK001' })
  await later.transaction(async () => {})
  expect(later.signal.aborted).toBe(false)
})

test('two who evict the same holder at once both come to an end, and end nobody but the holder', async () => {
  await using holder = await PlainClient.connect(database.url)
  await lock(holder, 'twice')
  const first = database.admin.query(`call fencepost.evict('twice', grace => '1 s')`)
  await untilGateClosed(database.admin, 'twice')
  const second = database.admin.query(`call fencepost.evict('twice', grace => '100 ms')`)
  await untilAtGate(database.admin, 'twice', 'exclusive')
  const outcomes = (await Promise.all([first, second])).map(({ rows }) => rows[0].outcome)
  expect(outcomes).toContain('terminated')
  await eventually(async () => holder.isOver)
})

test('P1: a write that is only reported looks for its dead token, and is not ended as if it held it', async () => {
  await using reporter = await PlainClient.connect(database.url)
  await reporter.query('create table reported (name text)')
  await reporter.query(`select fencepost.protect('reported', '{name}', 'report')`)
  for (const isSuccessor of [false, true]) {
    const token = await lock(reporter, 'reported')
    await reporter.query(`select fencepost.unlock('reported')`)
    if (isSuccessor) await lock(reporter, 'reported')
    // As a guard leaves it, for a session that has ended since.
    const fences = `array[fencepost.key('reported'), ${token}, 77]::text`
    await reporter.query(`begin; select set_config('fencepost.fences', ${fences}, true)`)
    await reporter.query(`insert into reported values ('reported')`)
    const { rows } = await database.admin.query<{ part: string }>(
      `select part from fencepost.evictees(fencepost.key('reported'), fencepost.gate('reported'), $1, null)`,
      [token],
    )
    expect(rows).toEqual(isSuccessor ? [{ part: 'successor' }] : [])
    await reporter.query('commit')
  }
})
