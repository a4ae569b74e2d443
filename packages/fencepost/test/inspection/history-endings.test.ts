import { fencepost } from 'fencepost'
import { afterAll, afterEach, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilListed, untilState } from './until-listed.ts'

const database = await cloneDatabase()
const admin = fencepost(database.url, { application: 'admin' })
afterEach(async () => {
  await admin.history.stop(undefined, { forget: true })
})
afterAll(async () => {
  await admin.close()
  await database[Symbol.asyncDispose]()
})

test('P5 a loss is recorded with its cause once the database is back', async () => {
  await admin.history.record('cut')
  await using fp = fencepost(database.url, { application: 'cut off' })
  const lock = await fp.lock('cut')
  await untilListed(admin, 'cut', 1)
  const [holder] = await admin.who('cut')
  await database.admin.query('select pg_terminate_backend($1)', [holder?.backend])
  await eventually(async () => lock.signal.aborted)
  const entry = await untilState(admin, 'cut', 'lost')
  expect(entry.cause).toMatch(/terminating connection/)
  expect(entry.endedAt).not.toBe(null)
})

test('P4 a holder that was killed is lost, nobody knows when', async () => {
  await admin.history.record('killed')
  const remote = await Remote.start(database.url)
  const token = await remote.call('lock', 'killed')
  await untilListed(admin, 'killed', 1)
  await remote.kill()
  const entry = await untilState(admin, 'killed', 'lost')
  expect(entry).toMatchObject({ token, endedAt: null, cause: expect.stringContaining('killed, or cut off') })
})

test('P3 a commit that was refused, and who took the lock away, stand beside the holding', async () => {
  await admin.history.record('money')
  await using fp = fencepost(database.url, { application: 'zombie' })
  const lock = await fp.lock('money')
  await untilListed(admin, 'money', 1)
  await admin.evict('money')
  await expect(lock.transaction(async (tx) => tx.query('select 1'))).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  const entries = await untilListed(admin, 'money', 3)
  const byState = Object.fromEntries(entries.map((entry) => [entry.state, entry]))
  const of = { token: lock.token, application: 'zombie', name: 'money' }
  expect(byState).toMatchObject({
    lost: { ...of, cause: expect.stringContaining('taken away by role') },
    evicted: { ...of, cause: expect.stringMatching(/^it let go, by role .* \(admin\)$/) },
    refused: { ...of, cause: expect.stringContaining('stale') },
  })
})

test('a frozen holder that is ended shows as evicted before it can say anything itself', async () => {
  await admin.history.record('frozen')
  await using remote = await Remote.start(database.url, { application: 'frozen' })
  await remote.call('lock', 'frozen')
  await untilListed(admin, 'frozen', 1)
  remote.freeze()
  expect(await admin.evict('frozen', { grace: '0s' })).toMatchObject({ outcome: 'terminated' })
  const [evicted, holding] = await untilListed(admin, 'frozen', 2)
  expect(evicted).toMatchObject({
    state: 'evicted',
    application: 'frozen',
    cause: expect.stringContaining('was ended'),
  })
  expect(holding).toMatchObject({ state: 'lost', endedAt: null })
  remote.thaw()
  expect(
    (
      await eventually(async () =>
        (await admin.history.list('frozen')).find(({ endedAt, state }) => state === 'lost' && endedAt !== null),
      )
    )?.id,
  ).toBe(holding?.id)
})

test('shared holders of one process, who have one token, are entries of their own', async () => {
  await admin.history.record('catalogue')
  await using fp = fencepost(database.url)
  const [one, two] = [await fp.lock('catalogue', { shared: true }), await fp.lock('catalogue', { shared: true })]
  await one.release()
  await untilState(admin, 'catalogue', 'released')
  const entries = await untilListed(admin, 'catalogue', 2)
  expect(Object.fromEntries(entries.map(({ state, token }) => [state, token]))).toEqual({
    held: two.token,
    released: one.token,
  })
  await two.release()
})

test('what was held when it was stopped is told to its end', async () => {
  await admin.history.record('held on')
  await using fp = fencepost(database.url)
  const lock = await fp.lock('held on')
  await untilListed(admin, 'held on', 1)
  await admin.history.stop('held on')
  await admin.history.record('heard of later')
  await eventually(async () => {
    await fp.lock('heard of later', async () => {})
    return (await admin.history.list('heard of later')).length > 0
  })
  await lock.release()
  expect(await untilState(admin, 'held on', 'released')).toMatchObject({ token: lock.token })
})
