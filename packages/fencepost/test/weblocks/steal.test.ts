import { fencepost, type WebLock } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { PlainClient } from '../eviction/plain-client.ts'
import { isGateOpen } from '../eviction/gates.ts'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url)
const { locks } = fp
const role = `thief_${process.pid}`
await admin.query(`create table effects (id serial, name text, token bigint);
  create role ${role} login password 'x';
  grant usage on schema fencepost to ${role};
  grant select, insert, update, delete on all tables in schema fencepost to ${role};
  grant usage, select, update on all sequences in schema fencepost to ${role}`)
afterAll(async () => {
  await fp.close()
  await admin.query(`drop owned by ${role}; drop role ${role}`)
  await database[Symbol.asyncDispose]()
})

/** Waits until somebody waits for the lock itself in the server. */
const untilKeyWanted = (name: string) =>
  eventually(async () => {
    const text =
      'select from fencepost.advisory_locks(fencepost.lock_table()) where key = fencepost.key($1) and not granted'
    return (await admin.query(text, [name])).rowCount
  })

test('W17: a free lock is granted as to any other request', async () => {
  expect(await locks.request('free', { steal: true }, ({ name, mode }) => [name, mode])).toEqual(['free', 'exclusive'])
  expect(await locks.request('free', { ifAvailable: true }, (lock) => lock?.name)).toBe('free')
})

test('W16: the promise of the holder rejects with an AbortError at once, while its callback goes on and is heard of no more', async () => {
  const called = deferred<AbortSignal>()
  const end = deferred()
  let isOver = false
  const stolen = locks.request('at once', async (lock) => {
    called.resolve(lock.signal)
    await end.promise
    isOver = true
    throw new Error('nobody hears of it')
  })
  const signal = await called.promise
  const thief = locks.request('at once', { steal: true }, () => 'stolen')
  const error: unknown = await stolen.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(DOMException)
  expect(error).toMatchObject({
    name: 'AbortError',
    code: DOMException.ABORT_ERR,
    cause: { cause: { code: 'EVICTED' } },
  })
  expect(signal.aborted).toBe(true)
  expect(isOver).toBe(false)
  expect(await thief).toBe('stolen')
  end.resolve()
  await eventually(async () => isOver)
})

test('P3: the holder of another process is told, and what it writes from then on is refused', async () => {
  await using tab = await Tab.open(database.url)
  const victim = await tab.ask('fenced')
  const { token } = (await victim.called()) ?? { token: 0 }
  await victim.write('insert into effects (name) values ($$before$$)')
  await locks.request('fenced', { steal: true }, async (lock) => {
    expect(lock.token).toBeGreaterThan(token)
    const { rows } = await lock.transaction((tx) => tx.query(`select name from effects where name = 'before'`))
    expect(rows).toHaveLength(1)
    expect(await victim.outcome()).toMatchObject({ error: 'AbortError', cause: 'LOCK_LOST' })
    await expect(victim.write('insert into effects (name) values ($$after$$)')).rejects.toMatchObject({
      code: 'STALE_TOKEN',
    })
  })
  const { rowCount } = await admin.query(`select from effects where name = 'after'`)
  expect(rowCount).toBe(0)
})

test('W17: it is granted before all who wait, here and elsewhere, and they are granted in their order afterwards', async () => {
  await using tab = await Tab.open(database.url)
  for (let round = 0; round < 5; round++) {
    const name = `before all ${round}`
    const order: string[] = []
    const holder = await tab.ask(name)
    await holder.called()
    const first = await tab.ask(name)
    await untilInLine(admin, name, 1)
    const second = locks.request(name, () => order.push('second'))
    await untilInLine(admin, name, 2)
    const end = deferred()
    const thief = locks.request(name, { steal: true }, async () => {
      order.push('thief')
      await end.promise
    })
    expect(await holder.outcome()).toMatchObject({ error: 'AbortError' })
    await eventually(async () => order.length)
    expect((await locks.query()).pending.filter((one) => one.name === name)).toHaveLength(2)
    end.resolve()
    await thief
    await first.called()
    order.push('first')
    await first.release()
    await second
    expect(order).toEqual(['thief', 'first', 'second'])
  }
})

test('W16: all who share the lock are stolen from, in all processes', async () => {
  await using tab = await Tab.open(database.url)
  const end = deferred()
  const here = [1, 2].map(() => locks.request('shared', { mode: 'shared' }, () => end.promise))
  const there = await tab.ask('shared', { mode: 'shared' })
  await there.called()
  const told = here.map((reader) => expect(reader).rejects.toMatchObject({ name: 'AbortError' }))
  expect(await locks.request('shared', { steal: true }, ({ mode }) => mode)).toBe('exclusive')
  await Promise.all(told)
  expect(await there.outcome()).toMatchObject({ error: 'AbortError' })
  end.resolve()
})

test('W16: who steals later steals from who stole before', async () => {
  await using tab = await Tab.open(database.url)
  const first = await tab.ask('twice')
  await first.called()
  const second = await tab.ask('twice', { steal: true })
  await second.called()
  const third = await tab.ask('twice', { steal: true })
  expect(await third.called()).toMatchObject({ name: 'twice' })
  expect(await first.outcome()).toMatchObject({ error: 'AbortError' })
  expect(await second.outcome()).toMatchObject({ error: 'AbortError' })
  await third.release('mine')
  expect(await third.outcome()).toEqual({ value: 'mine' })
})

test('P3: a guarded transaction in flight commits before the grant, one that follows too or it is refused, and any after the grant is refused', async () => {
  const [begun, told, over] = [deferred<WebLock>(), deferred(), deferred()]
  let following: Promise<string> = Promise.resolve('')
  const stolen = locks.request('in flight', async (lock) => {
    const client = await admin.connect()
    await client.query('begin')
    await client.query(`insert into effects (name) values ('in flight')`)
    await lock.guard(client)
    begun.resolve(lock)
    await told.promise
    await client.query('commit')
    client.release()
    following = lock
      .transaction((tx) => tx.query(`insert into effects (name) values ('following')`))
      .then(
        () => 'committed',
        (error: { code: string }) => error.code,
      )
    await over.promise
  })
  const victim = await begun.promise
  const thief = locks.request('in flight', { steal: true }, async () => {
    const { rows } = await admin.query(`select name from effects where name in ('in flight', 'following') order by id`)
    await expect(victim.transaction((tx) => tx.query('select 1'))).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    return rows.map(({ name }) => name)
  })
  await expect(stolen).rejects.toMatchObject({ name: 'AbortError' })
  told.resolve()
  const seen = await thief
  // Its holder is told before the server has let go of the lock: what gets there first is committed while it is held.
  const became = await following
  expect(['committed', 'STALE_TOKEN']).toContain(became)
  expect(seen).toEqual(became === 'committed' ? ['in flight', 'following'] : ['in flight'])
  over.resolve()
})

test('P3: a frozen holder is ended after the grace, and when it wakes it is told and what it writes is refused', async () => {
  await using tab = await Tab.open(database.url)
  const victim = await tab.ask('frozen')
  await victim.called()
  tab.remote.freeze()
  await locks.request('frozen', { steal: true }, async (lock) => {
    await lock.transaction((tx) => tx.query(`insert into effects (name) values ('thief')`))
    tab.remote.thaw()
    expect(await victim.outcome()).toMatchObject({ error: 'AbortError' })
    await expect(victim.write(`insert into effects (name) values ('zombie')`)).rejects.toMatchObject({
      code: 'STALE_TOKEN',
    })
  })
  expect((await admin.query(`select from effects where name = 'zombie'`)).rowCount).toBe(0)
})

test('P3: over many steals between two processes, no write of a holder is committed after one of its thief', async () => {
  await using one = await Tab.open(database.url)
  await using other = await Tab.open(database.url)
  for (let round = 0; round < 10; round++) {
    for (const tab of [one, other]) {
      const thief = await tab.ask('many', { steal: true })
      const given = await thief.called()
      const write = `insert into effects (name, token) values ('many', ${given?.token})`
      await thief.write(write)
      // This one races with the next steal: it is committed before that is granted, or refused.
      void thief.write(write).catch(() => {})
    }
  }
  const { rows } = await admin.query<{ token: string }>(`select token from effects where name = 'many' order by id`)
  const tokens = rows.map(({ token }) => Number(token))
  expect(tokens.length).toBeGreaterThanOrEqual(20)
  expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
})

test('a role that may not evict is refused, told what to grant, and the holder keeps its lock', async () => {
  await using poor = fencepost(database.as(role, 'x'))
  const [called, end] = [deferred(), deferred()]
  const holder = locks.request('rights', async (lock) => {
    called.resolve()
    await end.promise
    return lock.signal.aborted
  })
  await called.promise
  await expect(poor.locks.request('rights', { steal: true }, () => {})).rejects.toMatchObject({
    code: 'MISSING_PRIVILEGE',
    sql: `grant execute on procedure fencepost.evict, fencepost.steal to ${role};`,
  })
  expect(await isGateOpen(admin, 'rights')).toBe(true)
  end.resolve()
  expect(await holder).toBe(false)
})

test('a lock that another program took past fencepost is not stolen: that is told, and it stays as it is', async () => {
  await using other = await PlainClient.connect(database.url)
  await other.query(`select pg_advisory_lock(fencepost.key('foreign'))`)
  await expect(locks.request('foreign', { steal: true }, () => {})).rejects.toMatchObject({ code: 'EVICTION_FAILED' })
  await eventually(async () => isGateOpen(admin, 'foreign'))
  await other.query('select 1')
})

test('a lock that was taken in plain SQL is stolen after the grace, before another that waits for it in plain SQL', async () => {
  await using holder = await PlainClient.connect(database.url)
  await using waiter = await PlainClient.connect(database.url)
  await holder.query(`call fencepost.lock('plain')`)
  const waiting = waiter.query<{ token: string }>(`call fencepost.lock('plain')`)
  const token = await locks.request('plain', { steal: true }, (lock) => lock.token)
  expect(holder.isOver).toBe(true)
  expect(Number((await waiting).rows[0]?.token)).toBeGreaterThan(token)
})

test('a transaction that waits for the name in the server keeps no steal from its end', async () => {
  await using waiter = await PlainClient.connect(database.url)
  const called = deferred()
  const stolen = locks.request('in transaction', () => new Promise(() => called.resolve()))
  await called.promise
  await waiter.query('begin')
  const waiting = waiter.query(`select fencepost.lock_in_transaction('in transaction')`).then(
    () => 'granted',
    (error: { code: string }) => error.code,
  )
  await untilKeyWanted('in transaction')
  const thief = locks.request('in transaction', { steal: true }, () => 'stolen')
  await expect(stolen).rejects.toMatchObject({ name: 'AbortError' })
  expect(await thief).toBe('stolen')
  // Given up for the steal, ended as its holder, or granted the name when that was over.
  expect(['40P01', '57P01', 'granted']).toContain(await waiting)
})

test('a step of a steal that is cancelled from outside is begun again, and nothing is left behind', async () => {
  const thief = fencepost(database.url, { application: 'cancelled thief' })
  await using tab = await Tab.open(database.url)
  const victim = await tab.ask('cancelled')
  await victim.called()
  tab.remote.freeze()
  const stolen = thief.locks.request('cancelled', { steal: true }, () => 'stolen')
  const cancel = `select pg_cancel_backend(pid) from pg_stat_activity
    where application_name = 'cancelled thief fencepost' and wait_event = 'advisory'`
  await eventually(async () => (await admin.query(cancel)).rowCount)
  tab.remote.thaw()
  expect(await stolen).toBe('stolen')
  expect(await victim.outcome()).toMatchObject({ error: 'AbortError' })
  expect(await locks.request('cancelled', { ifAvailable: true }, (lock) => lock?.name)).toBe('cancelled')
  await thief.close()
})

test('an instance that is closed in the middle of a steal gives it up, and the gate is open', async () => {
  await using tab = await Tab.open(database.url)
  const thief = fencepost(database.url, { application: 'closing thief' })
  const victim = await tab.ask('given up')
  await victim.called()
  tab.remote.freeze()
  const asked = expect(thief.locks.request('given up', { steal: true }, () => {})).rejects.toMatchObject({
    code: 'CLOSED',
  })
  await eventually(async () => !(await isGateOpen(admin, 'given up')))
  await thief.close()
  await asked
  await eventually(async () => isGateOpen(admin, 'given up'))
  tab.remote.thaw()
})
