import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('H23: a killed waiter keeps nobody from trying, nor those behind it waiting, and its ticket goes', async () => {
  await using fp = fencepost(database.url)
  await using next = fencepost(database.url)
  const dead = await Remote.start(database.url, { application: 'dead' })
  const lock = await fp.lock('a')
  void dead.call('lock', 'a').catch(() => {})
  await untilWatching(admin, 'dead')
  const behind = next.lock('a', { wait: '20s' })
  await untilInLine(admin, 'a', 2)
  const [ticket] = await ticketsOf(admin, 'a')
  await dead.kill()
  await lock.release()
  const granted = await behind
  expect(await ticketsOf(admin, 'a')).not.toContain(ticket)
  await granted.release()
  await eventually(async () => await fp.tryLock('a'))
})

test('H23: a dead ticket alone keeps nobody from trying, and is taken away by the next who waits', async () => {
  await using fp = fencepost(database.url)
  await using next = fencepost(database.url)
  const dead = await Remote.start(database.url, { application: 'dead' })
  const lock = await fp.lock('b')
  void dead.call('lock', 'b').catch(() => {})
  await untilInLine(admin, 'b', 1)
  const [ticket] = await ticketsOf(admin, 'b')
  // A new session clears up after the dead; these have theirs.
  await next.who('b')
  await dead.kill()
  await lock.release()
  const again = await eventually(async () => await fp.tryLock('b'))
  const waiting = next.lock('b', { wait: '20s' })
  await untilWatching(admin, '')
  expect(await ticketsOf(admin, 'b')).not.toContain(ticket)
  await again.release()
  await (await waiting).release()
})

test('H23: tickets that outlive a clean restart of the server stand in nobody’s way', async () => {
  await using server = await ownServer()
  await using fp = fencepost(server.url)
  await using next = fencepost(server.url)
  const gone = await Remote.start(server.url)
  await fp.lock('c')
  void gone.call('lock', 'c').catch(() => {})
  await untilRows(server.url, 1)
  // It would come back with a new ticket.
  gone.freeze()
  await server.restart('fast')
  await gone.kill()
  await untilRows(server.url, 1)

  const lock = await eventually(async () => await fp.tryLock('c').catch(() => null))
  const waiting = next.lock('c', { wait: '20s' })
  await untilRows(server.url, 1)
  await lock.release()
  await (await waiting).release()
  await untilRows(server.url, 0)
})

test('P6: when the one that is told it is next dies before it watches, the one behind it is granted', async () => {
  await using holder = fencepost(database.url)
  await using head = fencepost(database.url)
  await using last = fencepost(database.url)
  const told = await Remote.start(database.url)
  const lock = await holder.lock('d')
  const first = head.lock('d')
  await untilInLine(admin, 'd', 1)
  void told.call('lock', 'd').catch(() => {})
  await untilInLine(admin, 'd', 2)
  const behind = last.lock('d', { wait: '30s' })
  await untilInLine(admin, 'd', 3)
  told.freeze()
  await lock.release()
  await (await first).release()
  await untilInLine(admin, 'd', 2)
  expect(await holder.who('d')).toEqual([])
  await told.kill()
  await (await behind).release()
  await untilInLine(admin, 'd', 0)
})

async function untilRows(url: string, count: number): Promise<void> {
  await eventually(async () => {
    const client = new pg.Client(url)
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query('select from fencepost.waiters')).rowCount === count
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  })
}
