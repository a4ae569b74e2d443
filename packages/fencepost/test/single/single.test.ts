import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be computed')
}
const expire = async (key: string, ago = '1 s') =>
  await admin.query(`update fencepost.single_results set expires_at = now() - $2::interval where key = $1`, [key, ago])

test('a result is given to later callers for its ttl, by the server’s clock, in days beyond what a timer counts', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  expect(await fp.single('ttl', { ttl: '400d' }, () => ({ n: 1 }))).toEqual({ n: 1 })
  expect(await other.single('ttl', { ttl: '1s' }, never)).toEqual({ n: 1 })
  expect(await fp.single('ttl', never)).toEqual({ n: 1 })
  const text = `select extract(days from expires_at - computed_at)::integer as days from fencepost.single_results`
  expect((await admin.query(text)).rows).toEqual([{ days: 400 }])
  await expire('ttl')
  expect(await other.single('ttl', { ttl: '1h' }, () => ({ n: 2 }))).toEqual({ n: 2 })
  expect(await fp.single('ttl', never)).toEqual({ n: 2 })
})

test('without a ttl the result is for those who waited, and not for whoever comes after', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  for (const n of [1, 2, 3]) expect(await fp.single('no ttl', () => n)).toBe(n)
  const computing = deferred<string>()
  const begun = deferred()
  const first = fp.single('no ttl', () => {
    begun.resolve()
    return computing.promise
  })
  const more = fp.single('no ttl', never)
  await begun.promise
  const waiting = other.single('no ttl', never)
  await untilInLine(admin, 'no ttl', 1)
  computing.resolve('shared')
  expect(await Promise.all([first, more, waiting])).toEqual(['shared', 'shared', 'shared'])
  expect(await other.single('no ttl', () => 'new')).toBe('new')
})

test('results are what JSON makes of them, for each caller his own', async () => {
  await using fp = fencepost(database.url)
  const value = { date: new Date(0), nothing: undefined, text: 'a\0b\ud800', deep: [{ b: 1, a: 2 }] }
  const options = { ttl: '1m' } as const
  const results = await Promise.all([1, 2].map(() => fp.single('json', options, () => value)))
  const again = await fp.single('json', options, () => value)
  for (const result of [...results, again])
    expect(result).toEqual({ date: '1970-01-01T00:00:00.000Z', text: 'a\0b\ud800', deep: [{ b: 1, a: 2 }] })
  expect(Object.keys(again.deep[0] ?? {})).toEqual(['b', 'a'])
  expect(results[0]).not.toBe(results[1])
  expect(await fp.single('undefined', options, () => undefined)).toBeUndefined()
  expect(await fp.single('undefined', options, never)).toBeUndefined()
  expect(await fp.single('null', options, () => null)).toBeNull()
  expect(await fp.single('null', options, never)).toBeNull()
})

test('what cannot be shared is a TypeError for all who waited, and nothing is kept', async () => {
  await using fp = fencepost(database.url)
  let deep: unknown = 0
  for (let depth = 0; depth < 20_000; depth++) deep = [deep]
  const bad = { bigint: 1n, big: 'x'.repeat(2 ** 20), deep } as const
  for (const [name, value] of Object.entries(bad)) {
    const both = [1, 2].map(() => fp.single(name, { ttl: '1h' }, (): unknown => value))
    await Promise.all(both.map((one) => expect(one).rejects.toThrow(TypeError)))
    expect(await fp.single(name, () => 'small')).toBe('small')
  }
})

test('a caller that gives up is answered at once, the others get the result', async () => {
  await using fp = fencepost(database.url)
  const computing = deferred<string>()
  const signals: AbortSignal[] = []
  const compute = ({ signal }: { signal: AbortSignal }) => {
    signals.push(signal)
    return computing.promise
  }
  const controller = new AbortController()
  const reason = new Error('enough')
  const first = fp.single('give up', { signal: controller.signal }, compute)
  const second = fp.single('give up', never)
  await eventually(async () => signals.length === 1)
  controller.abort(reason)
  await expect(first).rejects.toBe(reason)
  expect(signals[0]?.aborted).toBe(false)
  computing.resolve('done')
  expect(await second).toBe('done')
  await expect(fp.single('give up', { signal: controller.signal }, never)).rejects.toBe(reason)
})

test('when all have given up, the computation is told, and nobody is told that it has failed', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const told = deferred<unknown>()
  const started = deferred()
  const controller = new AbortController()
  const compute = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => (told.resolve(signal.reason), reject(signal.reason as Error)))
      started.resolve()
    })
  const both = [1, 2].map(() => fp.single('all gone', { signal: controller.signal }, compute))
  await started.promise
  const waiting = other.single('all gone', () => 'computed there')
  await untilInLine(admin, 'all gone', 1)
  controller.abort(new Error('enough'))
  await Promise.all(both.map((one) => expect(one).rejects.toThrow('enough')))
  expect(await told.promise).toBe(controller.signal.reason)
  expect(await waiting).toBe('computed there')
  await untilInLine(admin, 'all gone', 0)
})

test('whoever waits no longer than it says is told that somebody else computes, wherever that is', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const computing = deferred<string>()
  // The one that computes does not wait for itself.
  const first = fp.single('wait', { wait: '0s', ttl: '1h' }, () => computing.promise)
  const hasty = fp.single('wait', { wait: '0s' }, never)
  await expect(hasty).rejects.toMatchObject({ code: 'SINGLE_BUSY', key: 'wait' })
  for (const one of [fp, other])
    for (const wait of ['0s', '50ms'] as const)
      await expect(one.single('wait', { wait }, never)).rejects.toMatchObject({ code: 'SINGLE_BUSY' })
  await untilInLine(admin, 'wait', 0)
  const patient = other.single('wait', { wait: '60s' }, never)
  await untilInLine(admin, 'wait', 1)
  computing.resolve('done')
  expect([await first, await patient]).toEqual(['done', 'done'])
  expect(await other.single('wait', { wait: '0s' }, never)).toBe('done')
  await Promise.all(Array.from({ length: 20 }, () => fp.single('wait', { wait: '0s' }, never)))
})

test('what would wait for itself is told: inside of itself, and two that ask for each other', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await expect(fp.single('self', () => fp.single('self', () => 1))).rejects.toMatchObject({
    code: 'DEADLOCK',
    message: expect.stringContaining('inside of its own computation'),
  })
  expect(await fp.single('outer', () => fp.single('inner', () => 'nested'))).toBe('nested')
  const meet = [deferred(), deferred()] as const
  const one = fp.single('ring 1', async () => {
    meet[0].resolve()
    await meet[1].promise
    return await other.single('ring 2', () => 'of its own')
  })
  const two = other.single('ring 2', async () => {
    meet[1].resolve()
    await meet[0].promise
    return await fp.single('ring 1', () => 'of its own')
  })
  const ended = await Promise.allSettled([one, two])
  expect(ended.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
  for (const end of ended)
    if (end.status === 'rejected') expect(String(end.reason)).toMatch(/waits for|SINGLE|would never/)
})

test('callbacks that hold locks share a computation too', async () => {
  await using fp = fencepost(database.url)
  let computed = 0
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      fp.lock(`around ${n}`, () => fp.single('in locks', { ttl: '1m' }, () => ++computed)),
    ),
  )
  expect(results).toEqual(results.map(() => 1))
})

test('namespaces and schemas have results of their own, and locks and once-keys of the same name are others', async () => {
  await using fp = fencepost(database.url)
  await using elsewhere = fencepost(database.url, { namespace: 'elsewhere', schema: 'other' })
  await using lock = await fp.lock('own')
  expect(await fp.once('own', () => 'once')).toBe('once')
  expect(await fp.single('own', { ttl: '1h' }, () => 'here')).toBe('here')
  expect(await elsewhere.single('own', { ttl: '1h' }, () => 'there')).toBe('there')
  expect(await fp.single('own', never)).toBe('here')
  expect(lock.signal.aborted).toBe(false)
})

test('each computation, also one that throws, removes a few whose time has been over for a minute, by the index of those', async () => {
  await using fp = fencepost(database.url)
  await admin.query(`
    insert into fencepost.single_results (namespace, key, token, application, host, process, expires_at)
    select 'default', 'old ' || n, 2, '', '', 0, now() - interval '1 h' from generate_series(1, 45) as n`)
  const left = async () => (await admin.query(`select from fencepost.single_results where key like 'old %'`)).rowCount
  await fp.single('sweeps', () => 1)
  await eventually(async () => (await left()) === 25)
  await expect(fp.single('sweeps', () => Promise.reject(new Error('no result')))).rejects.toThrow('no result')
  await eventually(async () => (await left()) === 5)
  await fp.single('sweeps', () => 1)
  await eventually(async () => (await left()) === 0)
  expect((await admin.query(`select from fencepost.single_results where key = 'sweeps'`)).rowCount).toBe(1)
})

test('closing ends the waits', async () => {
  const fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const computing = deferred<string>()
  const first = other.single('close', () => computing.promise)
  await eventually(
    async () => (await admin.query(`select from fencepost.who('close', 'default/single')`)).rowCount === 1,
  )
  const waiting = expect(fp.single('close', never)).rejects.toMatchObject({ code: 'CLOSED' })
  await untilInLine(admin, 'close', 1)
  await fp.close()
  await waiting
  await expect(fp.single('close', never)).rejects.toMatchObject({ code: 'CLOSED' })
  computing.resolve('done')
  expect(await first).toBe('done')
  // Also of the one that computes, as its result can be kept no more.
  const closing = expect(other.single('close', () => other.close())).rejects.toMatchObject({ code: 'CLOSED' })
  await closing
})
