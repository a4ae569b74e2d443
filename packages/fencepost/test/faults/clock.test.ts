import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ServerWithClock, whyNoClock } from '../support/clock.ts'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

describe.skipIf(whyNoClock !== undefined)("FAULTS 9: a server's clock that jumps", () => {
  let clock: ServerWithClock
  let admin: pg.Pool
  const tokens: number[] = []

  beforeAll(async () => {
    clock = await ServerWithClock.start((options) => ownServer({}, undefined, options))
    admin = new pg.Pool({ connectionString: clock.server.url })
    await admin.query('create table effects (who text)')
  })
  afterAll(async () => {
    await admin?.end()
    await clock?.[Symbol.asyncDispose]()
  })

  test.each([
    ['an hour ahead', 3600],
    ['ten seconds back', -10],
    ['two hours back', -7200],
  ])('P1, P2, P3: %s, locks and waits stay as they are, and nobody is granted what is held', async (_, seconds) => {
    const { url } = clock.server
    await clock.turn(0)
    // Turned back by more than the limit of a session, faketime has let the server's idle-session timeout strike at once now and then, as if it had
    // shown the true time in between, which no turn of a real clock does. So that limit is longer there.
    const options = { freezeTimeout: seconds < -60 ? '3h' : '60s' } as const
    await using holder = fencepost(url, options)
    await using other = fencepost(url, options)
    await using third = fencepost(url, options)
    const lock = await holder.lock('a')
    const next = other.lock('a')
    const client = await admin.connect()
    await client.query('begin')
    await lock.guard(client)
    await eventually(async () => (await admin.query('select from fencepost.waiters')).rowCount)

    await clock.turn(seconds)
    await eventually(async () => Math.abs((await secondsOff(admin)) - seconds) < 2)
    for (let i = 0; i < 20; i++) {
      expect(await third.tryLock('a')).toBeNull()
      await lock.transaction((tx) => tx.query(`insert into effects values ('holder')`))
    }
    await client.query('commit')
    client.release()
    expect(lock.signal.aborted).toBe(false)
    expect(await third.who('a')).toMatchObject([{ token: lock.token, process: process.pid }])

    await lock.release()
    const granted = await next
    expect(await third.tryLock('a')).toBeNull()
    await expect(admin.query(`select fencepost.guard('a', $1)`, [lock.token])).rejects.toMatchObject({ code: 'LK001' })
    await granted.transaction((tx) => tx.query(`insert into effects values ('next')`))
    await granted.release()
    tokens.push(lock.token, granted.token)
    expect(tokens).toEqual(tokens.toSorted((one, another) => one - another))
  })

  test('P3: turned back, it does not make a snapshot look younger than the grant, nor one from after it older (H2)', async () => {
    const { url } = clock.server
    await clock.turn(0)
    await using holder = fencepost(url)
    await using next = fencepost(url)
    await admin.query('create table accounts as select 100 as balance')
    const [early, amid] = [await snapshotOf(url), await snapshotOf(url)]
    await early.take()
    const before = await holder.lock('b')
    await before.transaction(async (tx) => {
      await tx.query('update accounts set balance = 0')
      // Begun later than the holder's, ended earlier: the newest that the snapshot knows of.
      await admin.query(`insert into effects values ('another')`)
      await amid.take()
    })
    await before.release()

    await clock.turn(-60)
    await using lock = await next.lock('b')
    for (const old of [early, amid]) {
      expect(await old.balance()).toBe(100)
      await expect(lock.guard(old.client)).rejects.toMatchObject({ code: '40001' })
    }
    await clock.turn(-120)
    for (const young of [early, amid]) {
      await young.client.query('rollback')
      await young.take()
      expect(await young.balance()).toBe(0)
      await lock.guard(young.client)
      await young.client.query('commit')
    }
  })
})

async function snapshotOf(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  const balance = async () => (await client.query<{ balance: number }>('select balance from accounts')).rows[0]?.balance
  return {
    client,
    balance,
    take: async () => {
      await client.query('begin isolation level repeatable read')
      await balance()
    },
  }
}

async function secondsOff(admin: pg.Pool): Promise<number> {
  const { rows } = await admin.query<{ at: Date }>('select clock_timestamp() as at')
  return (Number(rows[0]?.at) - Date.now()) / 1000
}
