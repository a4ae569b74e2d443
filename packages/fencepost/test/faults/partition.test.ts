import type { PostgresServer } from '@fencepost/dev-postgres'
import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Network, whyNoNetwork } from '../support/network.ts'
import { now, Remote } from '../support/remote.ts'

const PROMISED_MS = 15_000
const why = await whyNoNetwork()

interface Case {
  readonly cutOff: Remote
  readonly name: string
  readonly admin: pg.Pool
}

/** Brings a holder into the middle of something; what it returns happens right after the cut. */
type Prepare = (given: Case) => Promise<(() => Promise<unknown>) | undefined>

const HOLDERS: [what: string, name: string, prepare: Prepare][] = [
  ['while idle', 'idle', async () => undefined],
  ['with a guarded transaction open', 'open', passGuard],
  ['in a statement of a guarded transaction', 'query', sleepInTransaction],
  ['while it is notified of something', 'notify', listen],
]

// All at once, each in a network of its own: they wait for limits to pass.
describe.skipIf(why !== undefined).concurrent('FAULTS 7: a lost network', () => {
  let server: PostgresServer
  let admin: pg.Pool
  const networks: Network[] = []
  const urlFrom = ({ address }: Network) => server.url.replace('127.0.0.1', address)

  beforeAll(async () => {
    for (let i = 0; i < HOLDERS.length + 1; i++) networks.push(await Network.make())
    server = await ownServer({}, undefined, { listen: networks.map(({ address }) => address) })
    admin = new pg.Pool({ connectionString: server.url })
    await admin.query('create table effects (who text)')
  })
  afterAll(async () => {
    await Promise.all(networks.map((network) => network[Symbol.asyncDispose]()))
    await admin?.end()
    await server?.stop()
  })

  test.each(HOLDERS.map((holder, i) => [...holder, i] as const))(
    'P4, P5: a holder that is cut off %s is told before the next is granted within 15 s, and refused when the network is back',
    async (_, name, prepare, i) => {
      const network = networks[i] as Network
      await using cutOff = await Remote.start(urlFrom(network), {}, network.inside)
      await using fp = fencepost(server.url)
      await cutOff.call('lock', name)
      const afterCut = await prepare({ cutOff, name, admin })
      const waiting = fp.lock(name, { wait: '100s' })
      await eventually(() => isWaitedFor(admin, name))
      await network.cut()
      const cutAt = now()
      await afterCut?.()
      await using next = await waiting
      const grantedAt = now()
      const lossAt = await eventually(async () => cutOff.lossAt(name))
      expect(lossAt).toBeLessThan(grantedAt)
      expect(grantedAt - cutAt).toBeLessThan(PROMISED_MS)
      await network.heal()
      const write = cutOff.call('write', name, `insert into effects values ('zombie')`)
      await expect(write).rejects.toMatchObject({ code: 'STALE_TOKEN' })
      await next.transaction((tx) => tx.query('insert into effects values ($1)', [name]))
      expect((await admin.query('select who from effects where who in ($1, $2)', [name, 'zombie'])).rows).toEqual([
        { who: name },
      ])
    },
  )

  test('P4: a waiter that is cut off keeps nobody waiting, granted or not, and waits on when the network is back', async () => {
    const network = networks[HOLDERS.length] as Network
    await using cutOff = await Remote.start(urlFrom(network), {}, network.inside)
    await using holder = fencepost(server.url)
    await using fp = fencepost(server.url)
    const lock = await holder.lock('wait')
    const granted: number[] = []
    const call = cutOff.call<number>('lock', 'wait').then((token) => granted.push(token))
    await eventually(() => isWaitedFor(admin, 'wait'))
    const waiting = fp.lock('wait', { wait: '100s' })
    await eventually(
      async () => (await admin.query(`select from fencepost.waiters where name = 'wait'`)).rowCount === 2,
    )
    await network.cut()
    const cutAt = now()
    // The server may grant it to the waiter that is gone, who never hears of it.
    await lock.release()
    const next = await waiting
    expect(now() - cutAt).toBeLessThan(PROMISED_MS)
    expect(granted).toEqual([])
    await network.heal()
    await next.release()
    await call
    expect(granted[0]).toBeGreaterThan(next.token)
  })
})

async function passGuard({ cutOff, name }: Case): Promise<undefined> {
  await cutOff.call('beginWrite', name, `insert into effects values ('zombie')`)
  await cutOff.call('guard', name)
}

async function sleepInTransaction(given: Case): Promise<undefined> {
  await passGuard(given)
  void given.cutOff.call('query', given.name, 'select pg_sleep(100)').catch(() => {})
  const sleeps = `select from pg_stat_activity where wait_event = 'PgSleep'`
  await eventually(async () => (await given.admin.query(sleeps)).rowCount)
}

/** Who has stood in a line listens from then on. */
async function listen({ cutOff, name, admin }: Case): Promise<() => Promise<unknown>> {
  await using fp = fencepost(admin.options.connectionString)
  const lock = await fp.lock('line')
  const call = cutOff.call('lock', 'line')
  await eventually(() => isWaitedFor(admin, 'line'))
  await lock.release()
  await call
  await cutOff.call('release', 'line')
  const text = `select pg_notify('fencepost:' || session, 'of something') from fencepost.sessions join fencepost.who($1) using (backend)`
  return () => admin.query(text, [name])
}

/** Whether somebody waits for the lock in the server. */
async function isWaitedFor(admin: pg.Pool, name: string): Promise<boolean> {
  const waits = `select from pg_locks where not granted and locktype = 'advisory'
    and ((classid::bigint << 32) | objid::bigint) = fencepost.key($1)`
  return (await admin.query(waits, [name])).rowCount === 1
}
