import { once } from 'node:events'
import { fencepost, type Fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { ticketsOf, untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

/** Ends the session of a ticket, and waits until another stands in its place. */
async function loseTicket(name: string, ticket: number | undefined): Promise<void> {
  const before = (await ticketsOf(admin, name)).length
  await admin.query(
    `select pg_terminate_backend(backend, 5000) from fencepost.sessions join fencepost.waiters using (session) where ticket = $1`,
    [ticket],
  )
  await eventually(async () => {
    const tickets = await ticketsOf(admin, name)
    return tickets.length === before && !tickets.includes(ticket ?? 0)
  })
}

test.each([
  ['watches the lock on a lane', 4],
  ['has no lane and asks again and again', 1],
])(
  'a wait whose session is ended while it %s goes on with a new ticket, behind those who came before',
  async (_how, maxConnections) => {
    await using holder = fencepost(database.url)
    await using broken = fencepost(database.url, { application: 'broken', maxConnections })
    await using other = fencepost(database.url)
    const name = `a ${maxConnections}`
    const lock = await holder.lock(name)
    const order: string[] = []
    const turn = async (fp: Fencepost, who: string) => {
      await using _ = await fp.lock(name, { wait: '30s' })
      order.push(who)
    }
    const turns = [turn(broken, 'broken 1')]
    await untilInLine(admin, name, 1)
    turns.push(turn(broken, 'broken 2'))
    await untilInLine(admin, name, 2)
    turns.push(turn(other, 'other'))
    await untilInLine(admin, name, 3)
    const [first] = await ticketsOf(admin, name)
    await loseTicket(name, first)
    // Both are there again, and in their order.
    await untilInLine(admin, name, 3)
    await lock.release()
    await Promise.all(turns)
    expect(order).toEqual(['other', 'broken 1', 'broken 2'])
  },
)

test('a wait whose session is ended while it stands behind others goes on with a new ticket', async () => {
  await using holder = fencepost(database.url)
  await using first = fencepost(database.url)
  const remote = await Remote.start(database.url)
  const lock = await holder.lock('b')
  const head = first.lock('b')
  await untilInLine(admin, 'b', 1)
  const turn = remote.call<number>('turn', 'b')
  await untilInLine(admin, 'b', 2)
  await loseTicket('b', (await ticketsOf(admin, 'b'))[1])
  await lock.release()
  const passing = await head
  await passing.release()
  expect(await turn).toBeGreaterThan(passing.token)
  await remote.kill()
})

test.each(['fast', 'crash'] as const)(
  'P5: over a %s restart of the server waits go on and are granted, in this process and in others, and holders are told',
  async (how) => {
    await using server = await ownServer()
    await using holder = fencepost(server.url)
    await using fp = fencepost(server.url)
    const remote = await Remote.start(server.url)
    const [lock, reader] = [await holder.lock('a'), await holder.lock('r', { shared: true })]
    const told = [lock, reader].map((held) => once(held.signal, 'abort'))
    const pool = new pg.Pool({ connectionString: server.url })
    pool.on('error', () => {})
    const waits = [fp.lock('a'), fp.lock('a', { shared: true }), fp.lock('r')]
    const turns = ['a', 'r'].map((name) => remote.call<number>('turn', name))
    await untilInLine(pool, 'a', 3)
    await untilInLine(pool, 'r', 2)
    await untilWatching(pool, '', 2)
    await server.restart(how)
    await Promise.all(told)
    for (const held of [lock, reader]) {
      expect(held.signal.reason).toMatchObject({ code: 'LOCK_LOST', lockName: held.name })
      await held.release()
    }
    await Promise.all(
      waits.map(async (wait) => {
        await using granted = await wait
        expect(granted.token).toBeGreaterThan(granted.name === 'a' ? lock.token : reader.token)
      }),
    )
    for (const token of await Promise.all(turns)) expect(token).toBeGreaterThan(reader.token)
    await untilInLine(pool, 'a', 0)
    await untilInLine(pool, 'r', 0)
    await pool.end()
    await remote.kill()
  },
)
