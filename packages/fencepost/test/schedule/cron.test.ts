import { drainSchedules, type Fencepost, fencepost, testClock, type Tick } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'
import { byClock } from './by-clock.ts'

const database = await cloneDatabase()
const fp: Fencepost = fencepost(database.url)
await database.admin.query('create table effects (tick integer, attempt integer)')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('a schedule runs at its ticks, and what became of each is one row', async () => {
  const ran: Tick[] = []
  const two = deferred()
  await using schedule = await fp.cron('seconds', '* * * * * *', (tick) => {
    if (ran.push(tick) === 2) two.resolve()
  })
  await two.promise
  await schedule.stop()
  const history = (await fp.schedules.history('seconds')).reverse()
  expect(history.map(({ scheduledAt }) => scheduledAt)).toEqual(ran.map(({ scheduledAt }) => scheduledAt))
  const [first, second] = history
  expect(Number(second?.scheduledAt) - Number(first?.scheduledAt)).toBe(1000)
  expect(first).toMatchObject({
    state: 'done',
    attempt: 1,
    isManual: false,
    token: ran[0]?.token,
    idempotencyKey: ran[0]?.idempotencyKey,
    runner: { process: process.pid },
    durationMs: expect.any(Number),
    error: null,
  })
  expect(second?.token).toBeGreaterThan(first?.token ?? Infinity)
})
