import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const PROCESSES = 12

test('P1: 20 s of waits of 2 ms by 12 processes, readers among them, leave no late grant, no ticket and no key', async () => {
  const remotes = await Promise.all(Array.from({ length: PROCESSES }, () => Remote.start(database.url)))
  // So that no session ends meanwhile, which would take away what it has left behind.
  await Promise.all(remotes.map((remote, i) => remote.call('lock', `kept ${i}`)))
  const kept = await keys()
  const counts = await Promise.all(
    remotes.map((remote, i) => remote.call<Counts>('contend', 'hot', 20_000, i % 2 === 0 ? 0 : 0.5)),
  )
  expect(counts.some(({ granted }) => granted > 0)).toBe(true)
  expect(counts.every(({ timedOut }) => timedOut > 0)).toBe(true)
  await eventually(async () => (await ticketsOf(admin, 'hot')).length === 0)
  await eventually(async () => JSON.stringify(await keys()) === JSON.stringify(kept))
  expect(await Promise.all(remotes.map((remote, i) => remote.call('lost', `kept ${i}`)))).not.toContain(true)
  await using fp = fencepost(database.url)
  await using lock = await fp.tryLock('hot')
  expect(lock).not.toBeNull()
  await Promise.all(remotes.map((remote) => remote.kill()))
})

test('a wait that is given up while its grant is on the way keeps nothing, on the shared session and on a lane', async () => {
  await using holder = await Remote.start(database.url)
  await using waiter = fencepost(database.url, { application: 'late' })
  await using other = fencepost(database.url)
  await using kept = await waiter.lock('kept here')
  for (let round = 0; round < 12; round++) {
    const shared = round % 2 === 1
    const isHeld = round % 4 < 2
    if (isHeld) await holder.call('lock', 'a')
    const abort = new AbortController()
    const waiting = waiter.lock('a', { signal: abort.signal, shared }).catch((reason: unknown) => reason)
    if (isHeld) await untilWatching(admin, 'late')
    const released = isHeld ? holder.call('release', 'a') : null
    setTimeout(() => abort.abort('given up'), 1)
    // What was to be sent is sent. While nothing is read the grant arrives, and the end of the wait is due before it.
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    expect(await waiting).toBe('given up')
    await released
    await untilInLine(admin, 'a', 0)
    await using free = await eventually(async () => await other.tryLock('a'))
    expect(free.signal.aborted).toBe(false)
  }
  expect(kept.signal.aborted).toBe(false)
})

test('a wait that is given up at about the moment of its grant keeps nothing', async () => {
  await using holder = fencepost(database.url)
  await using waiter = fencepost(database.url)
  await using kept = await waiter.lock('kept there')
  for (let round = 0; round < 40; round++) {
    const lock = await holder.lock('c')
    const abort = new AbortController()
    const waiting = waiter.lock('c', { signal: abort.signal, shared: round % 2 === 1 }).catch(() => null)
    await untilInLine(admin, 'c', 1)
    const released = lock.release()
    setTimeout(() => abort.abort(), round % 10)
    await released
    await (await waiting)?.release()
    await untilInLine(admin, 'c', 0)
    await using free = await eventually(async () => await holder.tryLock('c'))
    expect(free.token).toBeGreaterThan(lock.token)
  }
  expect(kept.signal.aborted).toBe(false)
})

test('an error behind the drawing of a ticket leaves no ticket that nobody knows of, and the wait goes on', async () => {
  // The answer fails when the tickets have been committed, three times, as an administrator's cancel may come.
  await admin.query(`
    create sequence failures;
    create table answers (n integer);
    create function fail() returns trigger language plpgsql as $$
    begin
      if nextval('public.failures') <= 3 then
        raise query_canceled;
      end if;
      return null;
    end $$;
    create constraint trigger fail after insert on answers deferrable initially deferred for each row execute function fail();
    create or replace function fencepost.is_next(session bigint, key bigint, served bigint, ticket bigint) returns boolean language plpgsql as $$
    begin
      insert into public.answers values (1);
      return fencepost.first_in_line(is_next.session, is_next.key, is_next.served, is_next.ticket) is null;
    end $$`)
  await using holder = fencepost(database.url)
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await using kept = await fp.lock('kept too')
  const lock = await holder.lock('b')
  const next = fp.lock('b', { wait: '20s' })
  await eventually(async () => Number((await admin.query('select last_value from failures')).rows[0].last_value) >= 3)
  await untilInLine(admin, 'b', 1)
  const last = other.lock('b', { wait: '20s' })
  await untilInLine(admin, 'b', 2)
  await lock.release()
  const granted = await next
  await granted.release()
  expect((await last).token).toBeGreaterThan(granted.token)
  await (await last).release()
  await untilInLine(admin, 'b', 0)
  expect(kept.signal.aborted).toBe(false)
})

test.each(['given up just before', 'ended by it'])(
  'P6, P10: once an instance is closed, no ticket of its waits is left: %s',
  async (how) => {
    await using holder = fencepost(database.url)
    await using lock = await holder.lock('d')
    for (let round = 0; round < 20; round++) {
      const fp = fencepost(database.url)
      await fp.who('d')
      const abort = new AbortController()
      const waiting = Array.from({ length: 1 + (round % 3) }, () => fp.lock('d', { signal: abort.signal }))
      // Some watch and some stand behind; or they try, or draw their tickets.
      if (round % 2 === 0) await untilInLine(admin, 'd', waiting.length)
      else for (let turn = 0; turn < round; turn++) await new Promise(setImmediate)
      const ended = Promise.allSettled(waiting)
      if (how === 'given up just before') abort.abort()
      await fp.close()
      expect((await ended).map(({ status }) => status)).not.toContain('fulfilled')
      expect(await ticketsOf(admin, 'd')).toEqual([])
    }
    expect(lock.signal.aborted).toBe(false)
  },
)

test('an instance whose tickets cannot be taken away, as their table is locked, is closed all the same', async () => {
  await using holder = fencepost(database.url)
  await using _lock = await holder.lock('e')
  const fp = fencepost(database.url)
  const waiting = expect(fp.lock('e')).rejects.toMatchObject({ code: 'CLOSED' })
  await untilInLine(admin, 'e', 1)
  const client = await admin.connect()
  await client.query('begin; lock table fencepost.waiters')
  await fp.close()
  await waiting
  await client.query('commit')
  client.release()
})

interface Counts {
  readonly granted: number
  readonly timedOut: number
}

/** All advisory keys that are held but those of the sessions. */
async function keys(): Promise<string[]> {
  const { rows } = await admin.query<{ key: string }>(`
    select key from fencepost.held_keys() where key not in (select session from fencepost.sessions) order by key`)
  return rows.map(({ key }) => key)
}
