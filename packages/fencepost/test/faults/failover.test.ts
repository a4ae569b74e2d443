import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { runFailOvers } from '../failover/run-fail-overs.ts'
import { eventually } from '../support/eventually.ts'
import { Pair } from '../support/pair.ts'

const ROUNDS = 2
const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// `npm run soak -- failover` does the same for longer.
test.each([
  ['asynchronous', false],
  ['synchronous', true],
])(
  `FAULTS 5, P2, P3: over a kill -9 of the primary (%s standby) the token rises, and a holder that wakes is refused: FENCEPOST_SEED=${seed}`,
  async (_, isSynchronous) => {
    const all = await runFailOvers({ binaries: inject('server').binaries, rounds: ROUNDS, seed, isSynchronous })
    console.log(all.map((one) => JSON.stringify(one)).join('\n'))
    expect(all.flatMap(({ violations }) => violations)).toEqual([])
    expect(all).toHaveLength(ROUNDS)
    expect(all.every(({ acknowledged }) => acknowledged > 0)).toBe(true)
  },
)

test('FAULTS 5, P2: a promoted standby that never heard of the newest epochs, nor of what was acknowledged in them, goes above (H11)', async () => {
  await using pair = await Pair.start({ binaries: inject('server').binaries })
  const first = fencepost(pair.primary.url)
  const early = await first.lock('a')
  const admin = new pg.Client(pair.primary.url)
  admin.on('error', () => {})
  await admin.connect()
  await admin.query('create table effects (who text)')
  const standby = new pg.Client(pair.standby.url)
  await standby.connect()
  await eventually(async () => (await standby.query(`select to_regclass('effects') as is`)).rows[0]?.is)
  await pair.cutOff()
  // Three epochs, and a guarded commit that is acknowledged, of which the standby knows nothing.
  for (let i = 0; i < 3; i++) {
    await admin.query('truncate fencepost.boot')
    await admin.query('call fencepost.boot()')
  }
  const late = await first.lock('b')
  await late.transaction((tx) => tx.query(`insert into effects values ('acknowledged')`))
  expect(epochOf(late.token)).toBe(epochOf(early.token) + 3)

  pair.killPrimary()
  await pair.promote()
  await using next = fencepost(pair.standby.url)
  await using lock = await next.lock('b')
  expect(lock.token).toBeGreaterThan(late.token)
  // What an asynchronous standby can lose (docs/failover.md).
  expect((await standby.query('select who from effects')).rows).toEqual([])
  await standby.query('begin')
  await expect(late.guard(standby)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  await standby.end()
  await first.close()
})

test('FAULTS 5: a role that may only use the schema is granted locks after a promotion, and waits in line there', async () => {
  await using pair = await Pair.start({ binaries: inject('server').binaries })
  await using owner = fencepost(pair.primary.url)
  await owner.migrate()
  const admin = new pg.Client(pair.primary.url)
  admin.on('error', () => {})
  await admin.connect()
  await admin.query(`create role guest login password 'x'; grant usage on schema fencepost to guest;
    grant select, insert, update, delete on all tables in schema fencepost to guest;
    grant usage, select, update on all sequences in schema fencepost to guest; create table arrived ()`)
  const standby = new pg.Client(pair.standby.url)
  await standby.connect()
  await eventually(async () => (await standby.query(`select to_regclass('arrived') as is`)).rows[0]?.is)
  pair.killPrimary()
  await pair.promote()
  await standby.end()
  const url = Object.assign(new URL(pair.standby.url), { username: 'guest', password: 'x' }).href
  await using one = fencepost(url, { migrate: 'off' })
  await using two = fencepost(url, { migrate: 'off' })
  const lock = await one.lock('a')
  const waiting = two.lock('a')
  await eventually(async () => (await one.locks.query()).pending.length)
  await lock.release()
  expect((await waiting).token).toBeGreaterThan(lock.token)
})

function epochOf(token: number): number {
  return Math.floor(token / 2 ** 32)
}
