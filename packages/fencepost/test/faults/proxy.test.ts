import { once } from 'node:events'
import { fencepost } from 'fencepost'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type Direction, Proxy } from '../support/proxy.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

/** Before the server; gone with the test. */
async function proxy(): Promise<Proxy> {
  const started = await Proxy.start(database.url)
  onTestFinished(() => started.close())
  return started
}

test.each<[Direction, string]>([
  ['questions', 'cannot be heard'],
  ['answers', 'hears nothing'],
])(
  'FAULTS 8, P4, P5: where %s are lost, a holder that %s is told before the next is granted, and refused',
  async (direction) => {
    const between = await proxy()
    await using holder = fencepost(between.url, { freezeTimeout: '5s' })
    await using fp = fencepost(database.url)
    const lock = await holder.lock(direction)
    const waiting = fp.lock(direction, { wait: '60s' })
    await eventually(
      async () => (await database.admin.query(`select from pg_stat_activity where wait_event = 'advisory'`)).rowCount,
    )
    let isGranted = false
    void waiting.then(() => (isGranted = true))
    const told = once(lock.signal, 'abort')
    between.lose(direction)
    await told
    expect(isGranted).toBe(false)
    expect(lock.signal.reason.message).toMatch(/no answer from the server within 2000 ms/)
    await using next = await waiting
    expect(next.token).toBeGreaterThan(lock.token)
    const client = await database.admin.connect()
    await client.query('begin')
    await expect(lock.guard(client)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await client.query('rollback')
    client.release()
  },
)

test('FAULTS 8, P4: where everything takes 0.6 s there and back, a lock is kept, guarded with and given back', async () => {
  const between = await proxy()
  await using holder = fencepost(between.url, { freezeTimeout: '3s' })
  await using fp = fencepost(database.url)
  const lock = await holder.lock('slow')
  between.delay(300)
  const waiting = fp.lock('slow', { wait: '60s' })
  // Several heartbeats, and longer than the server would keep it without them.
  await database.admin.query('select pg_sleep(4)')
  expect(await fp.tryLock('slow')).toBeNull()
  await lock.transaction((tx) => tx.query('select 1'))
  expect(lock.signal.aborted).toBe(false)
  await lock.release()
  expect((await waiting).token).toBeGreaterThan(lock.token)
})

test('FAULTS 8, P5: a holder whose answers come too late is told as if they did not come', async () => {
  const between = await proxy()
  await using holder = fencepost(between.url)
  const lock = await holder.lock('late')
  const told = once(lock.signal, 'abort')
  between.delay(5000)
  await told
  expect(lock.signal.reason.message).toMatch(/no answer from the server within 2000 ms/)
})
