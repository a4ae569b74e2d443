import { hostname } from 'node:os'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a lock just taken is in the answer by name, with its token and its process', async () => {
  await using fp = fencepost(database.url, { application: 'me', namespace: 'billing' })
  await using lock = await fp.lock('a')
  const { held, pending } = await fp.locks.query()
  expect(pending).toEqual([])
  expect(held).toHaveLength(1)
  expect(held[0]).toMatchObject({ name: 'a', mode: 'exclusive', clientId: `${hostname()}:${process.pid}` })
  expect(held[0]).toMatchObject({ namespace: 'billing', token: lock.token, application: 'me', means: null })
  expect(held[0]?.key).toEqual(expect.any(BigInt))
  const described = await eventually(async () => {
    const [first] = (await fp.locks.query()).held
    return first?.since && first
  })
  expect(described.heldForMs).toBeGreaterThan(0)
  expect(Date.now() - (described.since?.getTime() ?? 0)).toBeLessThan(60_000)
})

test('another process that holds, those that wait for it, and locks of other programs, each by its client', async () => {
  await using fp = fencepost(database.url)
  await using holder = await Remote.start(database.url, { application: 'holder' })
  await using first = await Remote.start(database.url, { application: 'first' })
  const token = await holder.call<number>('lock', 'b')
  const other = new pg.Client({ connectionString: database.url, application_name: 'psql' })
  await other.connect()
  await other.query('select pg_advisory_lock(72707369), pg_advisory_lock_shared(-1, 7)')
  const granted = first.call('lock', 'b')
  const { held, pending } = await eventually(async () => {
    const seen = await fp.locks.query()
    return seen.pending[0]?.name === 'b' && seen.pending[0].waitedMs !== null && seen
  })
  const client = held.find(({ means }) => means !== null)?.clientId
  expect(client).toMatch(/^backend:\d+$/)
  expect(held).toMatchObject([
    { name: 'b', token, clientId: `${hostname()}:${holder.pid}`, application: 'holder' },
    {
      name: '-72707369',
      namespace: null,
      token: null,
      clientId: client,
      key: 72707369n,
      means: 'Prisma Migrate',
      heldForMs: null,
    },
    {
      name: '--1,7',
      namespace: null,
      token: null,
      clientId: client,
      application: 'psql',
      key: [-1, 7],
      mode: 'shared',
      means: null,
    },
  ])
  expect(pending).toMatchObject([
    { name: 'b', mode: 'exclusive', clientId: `${hostname()}:${first.pid}`, position: 1, application: 'first' },
  ])
  await holder.call('release', 'b')
  await granted
  await other.end()
})

test('a closed instance is asked in vain', async () => {
  const fp = fencepost(database.url)
  await fp.close()
  await expect(fp.locks.query()).rejects.toMatchObject({ code: 'CLOSED' })
})
