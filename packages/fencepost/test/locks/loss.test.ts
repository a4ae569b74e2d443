import { once } from 'node:events'
import { fencepost, LockLostError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Proxy } from '../support/proxy.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('FAULTS 2, P5: a holder whose backend is terminated is told, with what the server said', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('a')
  await using other = await fp.lock('b')
  const [holder] = await fp.who('a')
  const told = once(lock.signal, 'abort')
  await database.admin.query('select pg_terminate_backend($1, 5000)', [holder?.backend])
  await told
  expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  expect(lock.signal.reason).toMatchObject({
    lockName: 'a',
    cause: { code: expect.stringMatching(/^(57P01|ECONNRESET)$/) },
  })
  expect(other.signal.reason).toMatchObject({ lockName: 'b' })
  // The next call connects anew.
  await using again = await fp.lock('a')
  expect(again.token).toBeGreaterThan(lock.token)
  expect(again.signal.aborted).toBe(false)
})

test('FAULTS 2: a lock that is asked for while its session is being ended is granted on a new one', async () => {
  await using fp = fencepost(database.url)
  for (let i = 0; i < 20; i++) {
    const lock = await fp.lock('asked')
    await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('asked')`)
    const next = await fp.lock('asked')
    expect(next.token).toBeGreaterThan(lock.token)
    await next.release()
  }
})

test('FAULTS 8, P5: a holder that gets no answer gives up by itself, though its socket stays open', async () => {
  const proxy = await Proxy.start(database.url)
  await using fp = fencepost(proxy.url)
  const lock = await fp.lock('c')
  const told = once(lock.signal, 'abort')
  proxy.lose('questions', 'answers')
  await told
  expect(lock.signal.reason.message).toMatch(/lock "c" was lost: no answer from the server within 2000 ms/)
  await lock.release()
  proxy.close()
})

test('FAULTS 8, P5: a connection that is reset is told as such', async () => {
  const proxy = await Proxy.start(database.url)
  await using fp = fencepost(proxy.url)
  const lock = await fp.lock('d')
  const told = once(lock.signal, 'abort')
  proxy.close()
  await told
  expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  await expect(fp.lock('d', { wait: '500ms' })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await expect(fp.tryLock('d')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
})

test('FAULTS 8, P5, P7: a server that falls silent before a lock is granted does not keep the caller beyond its wait', async () => {
  const proxy = await Proxy.start(database.url)
  proxy.lose('answers')
  await using fp = fencepost(proxy.url)
  await expect(fp.lock('e', { wait: '300ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', holder: null })
  await fp.close()
  proxy.close()
})

test('a session is not given up while the server answers, however much it is asked', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '2s' })
  await using lock = await fp.lock('f')
  const names = Array.from({ length: 3000 }, (_, i) => `many ${i}`)
  await Promise.all(names.map((name) => fp.tryLock(name, () => {})))
  expect(lock.signal.aborted).toBe(false)
})
