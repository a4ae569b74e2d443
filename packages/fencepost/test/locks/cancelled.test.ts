import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

/** As a cancel that comes when the function is done and its statement is not. */
const CANCEL = `
  alter function fencepost.tick_shared rename to real_tick_shared;
  create function fencepost.tick_shared(bigint[], bigint[], bigint[], bigint[], bigint[]) returns bigint[] language plpgsql as $$
  begin
    perform fencepost.real_tick_shared($1, $2, $3, $4, $5);
    raise query_canceled;
  end $$`
const GO_ON = `
  drop function fencepost.tick_shared;
  alter function fencepost.real_tick_shared rename to tick_shared`

test('P1, P5: a statement that is cancelled takes away what it was granted, and nothing that was held before', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('read', { shared: true })
  await database.admin.query(CANCEL)
  // In one statement: one that joins the holder there is, and one that is the first of its name.
  const tries = [fp.tryLock('read', { shared: true }), fp.tryLock('new', { shared: true })]
  for (const { status } of await Promise.allSettled(tries)) expect(status).toBe('rejected')
  await database.admin.query(GO_ON)
  expect(lock.signal.aborted).toBe(false)
  await using other = fencepost(database.url)
  expect(await other.tryLock('read')).toBeNull()
  // The lock, its token and the session.
  expect(await keysHeld(lock.token)).toBe(3)
})

async function keysHeld(token: number): Promise<number> {
  const { rows } = await database.admin.query(
    `select count(*)::integer
    from fencepost.held_keys() as held
    where held.backend in (
      select backend from fencepost.held_keys() where key = fencepost.token_key(fencepost.gate('read'), $1)
    )`,
    [token],
  )
  return rows[0].count
}
