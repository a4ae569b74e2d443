import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServerWithClock, whyNoClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'

describe.skipIf(whyNoClock !== undefined)("FAULTS 9: a server's clock that jumps", () => {
  let clock: ServerWithClock
  let admin: pg.Pool
  const tokens: number[] = []

  beforeAll(async () => {
    clock = await ServerWithClock.start()
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
    await using holder = fencepost(url)
    await using other = fencepost(url)
    await using third = fencepost(url)
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
})

async function secondsOff(admin: pg.Pool): Promise<number> {
  const { rows } = await admin.query<{ at: Date }>('select clock_timestamp() as at')
  return (Number(rows[0]?.at) - Date.now()) / 1000
}
