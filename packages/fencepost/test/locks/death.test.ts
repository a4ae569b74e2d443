import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('FAULTS 3, P4: a lock whose holder was killed with SIGKILL is granted to the one who waits', async () => {
  const holder = await Remote.start(database.url)
  await using fp = fencepost(database.url)
  const token = await holder.call<number>('lock', 'a')
  const next = fp.lock('a', { wait: '20s' })
  await holder.kill()
  expect((await next).token).toBeGreaterThan(token)
})

test('FAULTS 3, P4: a waiter that was killed is never granted, and the one behind it is', async () => {
  await using holder = await Remote.start(database.url)
  const waiter = await Remote.start(database.url, { application: 'the dead' })
  await using fp = fencepost(database.url)
  await holder.call('lock', 'b')
  void waiter.call('lock', 'b').catch(() => {})
  await eventually(async () => waits('the dead'))
  await waiter.kill()
  const next = fp.lock('b', { wait: '20s' })
  await holder.call('release', 'b')
  expect((await next).signal.aborted).toBe(false)
})

test('FAULTS 1, P4: a frozen process loses its lock by the clock of the server, and is told when it wakes (P5)', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  await frozen.call('lock', 'c')
  frozen.freeze()
  await using next = await fp.lock('c', { wait: '20s' })
  frozen.thaw()
  await eventually(async () => frozen.lossOf('c'))
  expect(frozen.lossOf('c')).toMatch(/lock "c" was lost/)
  expect(next.token).toBeGreaterThan(0)
})

test('P4: a process that goes on working keeps its lock for longer than freezeTimeout', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '1s' })
  await using lock = await fp.lock('d')
  // The server would have ended the session by now: several idle limits have passed on its clock.
  const { rows } = await database.admin.query<{ now: Date }>('select clock_timestamp() as now')
  await eventually(async () => {
    const later = await database.admin.query<{ now: Date }>('select clock_timestamp() as now')
    return Number(later.rows[0]?.now) - Number(rows[0]?.now) > 3000
  })
  expect(lock.signal.aborted).toBe(false)
  expect(await fp.who('d')).toHaveLength(1)
})

test('P4: a process frozen for less than freezeTimeout keeps its lock, though its own deadline has passed', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '30s' })
  await frozen.call('lock', 'e')
  await frozen.call('block', 4000)
  expect(await frozen.call('lost', 'e')).toBe(false)
  const { rows } = await database.admin.query(`select fencepost.who('e')`)
  expect(rows).toHaveLength(1)
  await frozen.call('write', 'e', 'select 1')
})

async function waits(application: string): Promise<boolean> {
  const { rowCount } = await database.admin.query(
    `select from pg_stat_activity where wait_event = 'advisory' and application_name like $1 || '%'`,
    [application],
  )
  return rowCount === 1
}
