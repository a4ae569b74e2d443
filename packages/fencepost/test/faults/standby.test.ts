import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Pair } from '../support/pair.ts'

test('FAULTS 11, P1, P7: a standby that follows its primary is refused, as it would grant what the primary has granted', async () => {
  await using pair = await Pair.start({ binaries: inject('server').binaries })
  await using fp = fencepost(pair.primary.url)
  await using lock = await fp.lock('a')
  const admin = new pg.Pool({ connectionString: pair.standby.url })
  // What the primary has committed arrives.
  await eventually(async () => (await admin.query(`select to_regclass('fencepost.epochs') as is`)).rows[0]?.is)

  await using refused = fencepost(pair.standby.url)
  for (const call of [() => refused.lock('a'), () => refused.tryLock('a'), () => refused.lock('b', { wait: '5s' })]) {
    await expect(call()).rejects.toMatchObject({
      code: 'STANDBY',
      message: expect.stringMatching(/connect to the primary/),
    })
  }
  const would = 'select pg_try_advisory_lock(fencepost.key($1)) as it'
  expect((await admin.query(would, ['a'])).rows).toEqual([{ it: true }])
  expect((await admin.query('select pg_is_in_recovery() as is')).rows).toEqual([{ is: true }])
  await admin.end()
  expect(lock.signal.aborted).toBe(false)
  await lock.transaction((tx) => tx.query('select 1'))
})
