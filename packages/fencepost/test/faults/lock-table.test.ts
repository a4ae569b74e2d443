import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'

test('FAULTS 13, P7: where another client has filled the lock table everybody is told, and what is held stays held', async () => {
  await using server = await ownServer({ max_locks_per_transaction: '10', max_connections: '20' })
  await using holder = fencepost(server.url)
  await using other = fencepost(server.url)
  await using late = fencepost(server.url)
  await using lock = await holder.lock('held')
  await (await other.lock('free')).release()
  const filler = new pg.Client(server.url)
  await filler.connect()
  const fill = filler.query('select pg_advisory_lock(key) from generate_series(1, 1000000) as key')
  await expect(fill).rejects.toMatchObject({ code: '53200' })

  for (const ask of [
    () => other.lock('free'),
    () => other.tryLock('free'),
    () => other.lock('held', { wait: '10s' }),
    () => late.lock('free'),
    () => late.tryLock('free'),
    () => lock.transaction((tx) => tx.query('select 1')),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'OUT_OF_LOCKS', cause: { code: '53200' } })
  }
  expect(lock.signal.aborted).toBe(false)

  await filler.end()
  expect(await late.tryLock('held')).toBeNull()
  await lock.transaction((tx) => tx.query('select 1'))
  await using free = await other.lock('free')
  expect(free.token).toBeGreaterThan(lock.token)
})
