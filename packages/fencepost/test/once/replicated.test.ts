import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

test('once in a transaction: a COMMIT that is not on the synchronous standby is not told as done, and found once it is there', async () => {
  await using server = await ownServer()
  const admin = new pg.Pool({ connectionString: server.url, options: '-c synchronous_commit=local' })
  admin.on('error', () => {})
  // What is looked at again is to wait for the standby, whatever the session says.
  await using fp = fencepost(admin)
  await fp.migrate()
  await admin.query('create table payments (key text)')
  const pay = async () =>
    await fp.once('a', { transaction: true }, async (tx) => {
      await tx.query(`insert into payments values ('a')`)
      return 'paid'
    })
  const hanging = await waitForNobody(admin)
  let isTold = false
  const told = pay().then(
    (value) => ({ value }),
    (error: unknown) => error,
  )
  void told.finally(() => (isTold = true))
  let cancelled = 0
  await eventually(async () => {
    const cancel = `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`
    cancelled += (await admin.query(cancel)).rowCount ?? 0
    return isTold
  })
  expect(cancelled).toBeGreaterThan(2)
  expect(await told).toMatchObject({ code: 'COMMIT_UNCERTAIN' })
  await admin.query('alter system reset synchronous_standby_names')
  await admin.query('select pg_reload_conf()')
  expect(await pay()).toBe('paid')
  expect((await admin.query(`select from payments where key = 'a'`)).rowCount).toBe(1)
  await Promise.all(hanging)
  await admin.end()
})

/** Every commit of more than local use waits from now on; what does so already is to be cancelled with the rest. */
async function waitForNobody(admin: pg.Pool): Promise<Promise<unknown>[]> {
  await admin.query(`alter system set synchronous_standby_names = 'nobody'`)
  await admin.query('select pg_reload_conf()')
  const hanging: Promise<unknown>[] = []
  await eventually(async () => {
    // The first may be quicker than the setting.
    if (hanging.length < 5) {
      hanging.push(admin.query(`begin; set local synchronous_commit = on; insert into payments values ('b'); commit`))
    }
    return (await admin.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)).rowCount
  })
  return hanging
}
