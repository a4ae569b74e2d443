import { type AsStored, fencepost, type OnceFailedError, type OnceResultError } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, expectTypeOf, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { untilInLine } from '../support/waiters.ts'
import { stateOf } from './effects.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const never = () => {
  throw new Error('it must not be run')
}

test('once: the function is run by the first call, and every later one, of any process, gets what it returned', async () => {
  await using first = fencepost(database.url)
  const run = await first.once('a', ({ key, idempotencyKey, attempt, signal }) => ({
    key,
    idempotencyKey,
    attempt,
    isLost: signal.aborted,
  }))
  expect(run).toEqual({ key: 'a', idempotencyKey: expect.stringMatching(UUID), attempt: 1, isLost: false })
  await using later = fencepost(database.url)
  expect(await later.once('a', never)).toEqual(run)
  expect(await later.once('a', { transaction: true }, never)).toEqual(run)
})

test('once: the first call gets what the later ones get, as JSON gives it back', async () => {
  await using fp = fencepost(database.url)
  for (const [i, [value, back]] of [
    [undefined, undefined],
    [null, null],
    [false, false],
    ['ż 🔒 \\u0000', 'ż 🔒 \\u0000'],
    [
      { at: new Date(0), none: undefined, list: [1, { n: 2.5 }] },
      { at: '1970-01-01T00:00:00.000Z', list: [1, { n: 2.5 }] },
    ],
    [() => {}, undefined],
    ['x'.repeat(2 ** 20 - 2), 'x'.repeat(2 ** 20 - 2)],
  ].entries()) {
    expect(await fp.once<unknown>(`json ${i}`, () => value)).toEqual(back)
    expect(await fp.once<unknown>(`json ${i}`, never)).toEqual(back)
  }
})

const circle: unknown[] = []
circle.push(circle)
test.each([
  ['a BigInt', 1n, /BigInt/],
  ['a circle', circle, /circular/],
  ['more than 1 MiB', 'x'.repeat(2 ** 20), /1048578 bytes of JSON; at most 1048576/],
  ['NUL, which PostgreSQL cannot store', 'a\0b', /cannot be stored/],
  ['a lone surrogate', 'a\ud800b', /cannot be stored/],
])('once: what returned %s has been done, is recorded as done and not run again', async (what, value, says) => {
  await using fp = fencepost(database.url)
  const failed = await fp.once<unknown>(what, () => value).catch((error: OnceResultError) => error)
  expect(failed).toMatchObject({ code: 'ONCE_RESULT', message: expect.stringMatching(says), returned: { value } })
  expect(await stateOf(database.admin, what)).toBe('done')
  await expect(fp.once(what, never)).rejects.toMatchObject({
    code: 'ONCE_RESULT',
    message: expect.stringMatching(says),
    returned: null,
  })
  const refused = fp.once<unknown>(`${what} in a transaction`, { transaction: true }, () => value)
  await expect(refused).rejects.toThrow(TypeError)
  expect(await stateOf(database.admin, `${what} in a transaction`)).toBeUndefined()
})

test('once: its error goes to the caller, and is not run again unless the caller says so', async () => {
  await using fp = fencepost(database.url)
  const own = new RangeError('the card is gone\0')
  await expect(fp.once('b', () => Promise.reject(own))).rejects.toBe(own)
  const failed = await fp.once('b', never).catch((error: OnceFailedError) => error)
  expect(failed).toMatchObject({
    code: 'ONCE_FAILED',
    message: expect.stringContaining('RangeError: the card is gone;'),
  })
  const { record } = failed
  const again = await fp.once('b', { onFailed: 'retry' }, ({ attempt, idempotencyKey }) => ({
    attempt,
    idempotencyKey,
  }))
  expect(again).toEqual({ attempt: 2, idempotencyKey: record.idempotencyKey })
  expect(await fp.once('b', never)).toEqual(again)
})

test('once: a call that comes meanwhile waits for the outcome, or is told that somebody is at it', async () => {
  await using one = fencepost(database.url)
  await using other = fencepost(database.url)
  const begun = deferred()
  const end = deferred()
  const running = one.once('c', async () => {
    begun.resolve()
    await end.promise
    return 'done'
  })
  await begun.promise
  expect(await stateOf(database.admin, 'c')).toBe('running')
  await expect(other.once('c', { wait: '0s' }, never)).rejects.toMatchObject({ code: 'ONCE_BUSY' })
  await expect(other.once('c', { wait: '50ms' }, never)).rejects.toMatchObject({
    code: 'ONCE_BUSY',
    cause: { code: 'LOCK_TIMEOUT', holder: { process: process.pid } },
  })
  await expect(one.once('c', { wait: '0s' }, never)).rejects.toMatchObject({ code: 'ONCE_BUSY' })
  const waiting = other.once('c', never)
  await untilInLine(database.admin, 'c', 1)
  end.resolve()
  expect(await Promise.all([running, waiting])).toEqual(['done', 'done'])
})

test('once: a lock, a key in another namespace and a key of another name do not disturb each other', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url, { namespace: 'other' })
  await using lock = await fp.lock('d')
  expect(await fp.once('d', () => 1)).toBe(1)
  expect(await other.once('d', () => 2)).toBe(2)
  expect(await fp.once('d2', () => 3)).toBe(3)
  expect(lock.signal.aborted).toBe(false)
})

test('once: in its own function a key would wait for itself, which is told', async () => {
  await using fp = fencepost(database.url)
  const nested = fp.once('e', () => fp.once('e', { transaction: true }, never))
  await expect(nested).rejects.toMatchObject({ code: 'DEADLOCK' })
})

test('once: it works in a schema of another name, with a pool of one connection and odd parsers and isolation', async () => {
  const options = '-c default_transaction_isolation=serializable -c synchronous_commit=off'
  // The odd parsers spoil everything but texts, which no application parses.
  const pool = new pg.Pool({
    connectionString: database.url,
    max: 1,
    options,
    types: { getTypeParser: (oid: number) => (oid === 25 ? String : () => 'odd') },
  })
  await using fp = fencepost(pool, { schema: 'odd' })
  expect(await fp.once('f', () => ({ n: 1 }))).toEqual({ n: 1 })
  expect(await fp.once('f', never)).toEqual({ n: 1 })
  expect(
    await fp.once(
      'g',
      { transaction: true, isolation: 'serializable' },
      async (tx) => (await tx.query('select')).rowCount,
    ),
  ).toBe(1)
  await pool.end()
})

test('P10: what runs, is done and failed can be read with one statement', async () => {
  await using fp = fencepost(database.url, { application: 'payer', namespace: 'shown' })
  await fp.once('done', () => 5)
  await fp.once('failed', () => Promise.reject(new Error('no'))).catch(() => {})
  const during = await fp.once('running', async () => {
    const text = `select key, state, application, result, error from fencepost.once where namespace = 'shown' order by key`
    return (await database.admin.query(text)).rows
  })
  expect(during).toEqual([
    { key: 'done', state: 'done', application: 'payer', result: 5, error: null },
    { key: 'failed', state: 'failed', application: 'payer', result: null, error: 'Error: no' },
    { key: 'running', state: 'running', application: 'payer', result: null, error: null },
  ])
})

test('once: the type of what comes back is that of what JSON gives back', () => {
  interface Transfer {
    readonly id: string
    readonly at: Date
    readonly tags: readonly [1, Date]
    readonly note?: string
    cancel(): void
  }
  expectTypeOf<AsStored<Transfer>>().toEqualTypeOf<{
    readonly id: string
    readonly at: string
    readonly tags: readonly [1, string]
    readonly note?: string
  }>()
  // oxlint-disable-next-line typescript/no-explicit-any -- rows of a driver
  expectTypeOf<AsStored<any>>().toBeAny()
  expectTypeOf<AsStored<unknown>>().toBeUnknown()
  expectTypeOf<AsStored<undefined>>().toEqualTypeOf<undefined>()
})
