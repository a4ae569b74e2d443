import { type Fencepost, fencepost, key, LockLostError } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

interface Ran {
  readonly ran: boolean
}

const database = await cloneDatabase()
const { admin } = database
await admin.query('create table running (id serial); create table begun (id serial); create table done (id serial)')
await admin.query('create table big as select n from generate_series(1, 50000) as n')
const fp: Fencepost = fencepost(database.url)
beforeEach(async () => {
  await admin.query('truncate running, begun, done')
})
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

async function replicas(howMany: number, options = {}): Promise<AsyncDisposable & { all: Remote[] }> {
  const start = () => Remote.run('migrations/replica.js', [database.url, options])
  const all = await Promise.all(Array.from({ length: howMany }, start))
  return {
    all,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((replica) => replica.kill()))
    },
  }
}

async function count(table: string): Promise<number> {
  return (await admin.query(`select from ${table}`)).rowCount ?? 0
}

test('P1: replicas that start together migrate one after the other', async () => {
  await using five = await replicas(5)
  const all = await Promise.all(five.all.map((replica) => replica.call<Ran>('migrate', 'alone', {})))
  expect(all.map(({ ran }) => ran)).toEqual([true, true, true, true, true])
  expect(await count('done')).toBe(5)
})

test.each(['fencepost', 'other'])('with a version one of them migrates, in schema %s', async (schema) => {
  await using five = await replicas(5, { schema })
  const asked = { version: `release 1 of ${schema}`, name: `migrate ${schema}` }
  const all = await Promise.all(five.all.map((replica) => replica.call<Ran>('migrate', 'alone', asked)))
  expect(all.filter(({ ran }) => ran)).toHaveLength(1)
  expect(await count('begun')).toBe(1)
})

test('no key of once, and no other name with a version, passes for a version', async () => {
  await fp.once('migrate:v1', () => 'no migration')
  expect(await fp.migrateOnce({ version: 'v1' }, () => 'a migration')).toEqual({ ran: true, result: 'a migration' })
  expect(await fp.migrateOnce({ name: 'a', version: 'b:c' }, () => 1)).toEqual({ ran: true, result: 1 })
  expect(await fp.migrateOnce({ name: 'a:b', version: 'c' }, () => 2)).toEqual({ ran: true, result: 2 })
  expect(await fp.migrateOnce({ name: 'a:b', version: 'c' }, () => 3)).toEqual({ ran: false })
})

test('whose version is there already waits for nobody, also while another version is migrated', async () => {
  await using two = await replicas(2)
  const [one, other] = two.all as [Remote, Remote]
  await one.call('migrate', 'alone', { version: 'old' })
  const hanging = one.call('migrate', 'hang', { version: 'new' }).catch(() => {})
  await eventually(async () => (await count('begun')) === 2)
  expect(await other.call('migrate', 'alone', { version: 'old' })).toEqual({ ran: false })
  expect(await other.call('told')).toEqual([])
  await one.kill()
  await hanging
})

test('P4: a replica that is killed in the middle lets the next one run it, and all but that one skip it', async () => {
  await using three = await replicas(3)
  const [killed, ...others] = three.all as [Remote, Remote, Remote]
  const hanging = killed.call('migrate', 'hang', { version: 'killed' }).catch(() => {})
  await eventually(async () => (await count('begun')) === 1)
  const waiting = others.map((replica) => replica.call<Ran>('migrate', 'alone', { version: 'killed', every: '100ms' }))
  // Each is told for whom it waits.
  for (const replica of others)
    await eventually(async () => (await replica.call<unknown[]>('told')).includes(killed.pid))
  await killed.kill()
  await hanging
  const all = await Promise.all(waiting)
  expect(all.filter(({ ran }) => ran)).toHaveLength(1)
  expect([await count('begun'), await count('done')]).toEqual([2, 1])
})

test('P6: create index concurrently in it is not broken by five replicas that wait', async () => {
  await using six = await replicas(6)
  const [first, ...others] = six.all as [Remote, ...Remote[]]
  const building = first.call<Ran>('migrate', 'indexes', {}, 5)
  await eventually(async () => (await count('begun')) === 1)
  const waiting = others.map((replica) => replica.call<Ran>('migrate', 'alone', {}))
  expect((await building).ran).toBe(true)
  await Promise.all(waiting)
  const { rows } = await admin.query(`select indisvalid from pg_index where indrelid = 'big'::regclass`)
  expect(rows).toEqual([1, 2, 3, 4].map(() => ({ indisvalid: true })))
})

test('what the migration throws comes out, and the next one runs it', async () => {
  const version = 'it throws'
  const failing = fp.migrateOnce({ version }, () => Promise.reject(new Error('a column is missing')))
  await expect(failing).rejects.toThrow('a column is missing')
  expect(await fp.migrateOnce({ version }, () => 42)).toEqual({ ran: true, result: 42 })
  expect(await fp.migrateOnce({ version }, () => 43)).toEqual({ ran: false })
  expect(await fp.migrateOnce(() => 44)).toEqual({ ran: true, result: 44 })
})

test('P5: a migration whose lock was taken away in the middle is told, and not taken to be done', async () => {
  const version = 'evicted'
  const evicted = fp.migrateOnce({ version }, async (lock) => {
    await fp.evict('migrate', { grace: '5s' })
    expect(lock.signal.aborted).toBe(true)
  })
  await expect(evicted).rejects.toThrow(LockLostError)
  await expect(fp.migrateOnce(() => fp.evict('migrate'))).rejects.toThrow(LockLostError)
  expect(await fp.migrateOnce({ version }, () => 'anew')).toEqual({ ran: true, result: 'anew' })
})

test('the lock of the tool is waited for, told of, and left to the tool', async () => {
  const [tool, other] = [new pg.Client(database.url), new pg.Client(database.url)]
  await Promise.all([tool.connect(), other.connect()])
  await tool.query('set application_name = prisma; select pg_advisory_lock(72707369)')
  const told = deferred<string | null | undefined>()
  const migrating = fp.migrateOnce(
    { tool: key.prisma(), exclude: [key.int8(42n)], onWait: (holder) => told.resolve(holder?.application) },
    async () => {
      const text = 'select pg_try_advisory_lock(72707369) as tool, pg_try_advisory_lock(42) as excluded'
      return (await other.query(text)).rows
    },
  )
  expect(await told.promise).toBe('prisma')
  await tool.end()
  expect(await migrating).toEqual({ ran: true, result: [{ tool: true, excluded: false }] })
  expect((await other.query('select pg_try_advisory_lock(42) as free')).rows).toEqual([{ free: true }])
  await other.end()
})

test('a wait that is over names who migrates; a signal gives it up; nothing is kept', async () => {
  await using held = await fp.lock('migrate')
  await using another = fencepost(database.url)
  // Connected, it can ask who holds it.
  await another.who('migrate')
  await expect(another.migrateOnce({ wait: '50ms', onWait: () => {} }, () => {})).rejects.toMatchObject({
    code: 'LOCK_TIMEOUT',
    lockName: 'migrate',
    holder: { token: held.token },
  })
  const enough = AbortSignal.abort(new Error('enough'))
  await expect(another.migrateOnce({ signal: enough }, () => {})).rejects.toThrow('enough')
  await held.release()
  await using last = await another.lock('last')
  const waiting = fp.migrateOnce({ exclude: ['last'], wait: '50ms', onWait: () => {} }, () => {})
  await expect(waiting).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', lockName: 'last' })
  expect(last.signal.aborted).toBe(false)
  expect(await another.tryLock('migrate', () => true)).toBe(true)
})

test('arguments that cannot be right are TypeErrors', async () => {
  const bad: [object, RegExp][] = [
    [{ versions: 'a' }, /unknown option 'versions'/],
    [{ version: '' }, /is the environment variable set/],
    [{ version: 5 }, /version must be a string/],
    [{ wait: 5 }, /wait must be a duration/],
    [{ every: '1ms' }, /every must be at least '100ms'/],
    [{ tool: 'prisma' }, /tool must be made by key/],
    [{ exclude: 'a' }, /exclude must be an array/],
    [{ exclude: ['migrate'] }, /the lock of the migration itself/],
    [{ exclude: [key.prisma()], tool: key.prisma() }, /exclude must not have tool/],
    [{ onWait: 'log' }, /onWait must be a function/],
    [{ name: '' }, /must not be empty/],
  ]
  for (const [options, message] of bad) {
    const call = fp.migrateOnce(options, () => {})
    await expect(call).rejects.toThrow(TypeError)
    await expect(call).rejects.toThrow(message)
  }
  await expect(fp.migrateOnce({} as () => void)).rejects.toThrow('needs a function to run')
})
