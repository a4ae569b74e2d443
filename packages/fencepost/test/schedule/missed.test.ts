import type { TickState } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { byClock, type ByClock } from './by-clock.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const YEAR = new Date().getUTCFullYear() + 1
const at = (time: string) => `${YEAR}-06-01T${time}Z`

/** The ticks of a schedule, the earliest first. */
async function ticksOf({ fp }: ByClock, name: string): Promise<[time: string, state: TickState][]> {
  const history = await fp.schedules.history(name, { limit: 10_000 })
  return history.toReversed().map(({ scheduledAt, state }) => [scheduledAt.toISOString().slice(11, 16), state])
}

test.each([
  { missed: 'skip', back: '13:30:00', states: { '11:00': 'missed', '12:00': 'missed', '13:00': 'missed' }, ran: [] },
  { missed: 'latest', back: '13:30:00', states: { '11:00': 'missed', '12:00': 'missed', '13:00': 'done' }, ran: [13] },
  { missed: 'all', back: '13:30:00', states: { '11:00': 'done', '12:00': 'done', '13:00': 'done' }, ran: [11, 12, 13] },
  // The last one is on time.
  { missed: 'skip', back: '13:00:30', states: { '11:00': 'missed', '12:00': 'missed', '13:00': 'done' }, ran: [13] },
  { missed: 'latest', back: '13:00:30', states: { '11:00': 'missed', '12:00': 'missed', '13:00': 'done' }, ran: [13] },
  { missed: 'all', back: '13:00:30', states: { '11:00': 'done', '12:00': 'done', '13:00': 'done' }, ran: [11, 12, 13] },
] as const)("after an outage of 3 hours that ends at $back, missed: '$missed' runs $ran", async (row) => {
  const { missed, back, states, ran } = row
  const name = `outage ${missed} ${back}`
  const hours: number[] = []
  const work = ({ scheduledAt }: { scheduledAt: Date }) => void hours.push(scheduledAt.getUTCHours())
  {
    await using before = await byClock(database, at('09:30:00'))
    await before.fp.cron(name, '0 * * * *', { missed }, work)
    await before.to(at('10:00:00'))
    expect(hours).toEqual([10])
  }
  // Nobody is there from 10:00 to 13:00, and whoever comes back declares the same.
  await using after = await byClock(database, at(back))
  await after.fp.cron(name, '0 * * * *', { missed }, work)
  await after.to(at(back))
  expect(await ticksOf(after, name)).toEqual([['10:00', 'done'], ...Object.entries(states)])
  expect(hours).toEqual([10, ...ran])
  const missedTicks = Object.values(states).filter((state) => state === 'missed').length
  expect(await after.fp.schedules.list()).toContainEqual(
    expect.objectContaining({ name, missedTicks, skippedTicks: 0, nextAt: new Date(at('14:00:00')) }),
  )
  await after.to(at('14:00:00'))
  expect(hours).toEqual([10, ...ran, 14])
})

test("of a long outage the latest 1000 ticks are told, and with missed: 'all' they are run in order", async () => {
  const options = { missed: 'all', history: 10_000 } as const
  {
    await using before = await byClock(database, at('00:00:30'))
    await before.fp.cron('long', '* * * * *', options, () => {})
    await before.to(at('00:00:40'))
  }
  const [begun, ran] = [deferred(), [] as Date[]]
  await using after = await byClock(database, `${YEAR}-06-03T00:00:30Z`)
  const schedule = await after.fp.cron('long', '* * * * *', options, async ({ scheduledAt }) => {
    if (ran.push(scheduledAt) < 3) return
    begun.resolve()
    await new Promise(() => {})
  })
  await begun.promise
  const history = await after.fp.schedules.history('long', { limit: 10_000 })
  expect(history).toHaveLength(1000)
  expect(history[0]?.scheduledAt).toEqual(new Date(`${YEAR}-06-03T00:00:00Z`))
  expect(history.at(-1)?.scheduledAt).toEqual(new Date(`${YEAR}-06-02T07:21:00Z`))
  expect(history.map(({ state }) => state).toReversed()).toEqual([
    'done',
    'done',
    'running',
    ...Array(997).fill('queued'),
  ])
  expect(ran).toEqual(
    history
      .slice(-3)
      .map(({ scheduledAt }) => scheduledAt)
      .toReversed(),
  )
  await schedule.stop({ grace: '0s' })
})

test('history is bounded, and what is queued or runs is kept', async () => {
  await using run = await byClock(database, at('00:00:30'))
  await run.fp.cron('short', '* * * * *', { history: 3 }, () => {})
  for (let minute = 1; minute <= 6; minute++) await run.to(at(`00:0${minute}:00`))
  // The one that ran last has ended since.
  expect((await ticksOf(run, 'short')).map(([time]) => time)).toEqual(['00:03', '00:04', '00:05', '00:06'])
})

test('history is bounded also while a schedule is paused and only run by hand', async () => {
  await using run = await byClock(database, at('00:00:30'))
  const { schedules } = run.fp
  await run.fp.cron('by hand', '0 0 1 1 *', { history: 3 }, () => {})
  await schedules.pause('by hand')
  for (let second = 31; second <= 37; second++) {
    await schedules.runNow('by hand')
    await run.to(at(`00:00:${second}`))
  }
  expect((await ticksOf(run, 'by hand')).map(([, state]) => state)).toEqual(['done', 'done', 'done', 'done'])
})

test.each([
  ['skip', ['done', 'skipped', 'skipped', 'done'], ['00:01', '00:04']],
  ['queue', ['done', 'done', 'done', 'done'], ['00:01', '00:02', '00:03', '00:04']],
] as const)('overlap: %s, while the tick before still runs', async (overlap, states, order) => {
  const name = `overlap ${overlap}`
  await using run = await byClock(database, at('00:00:30'))
  const go = deferred()
  const ran: string[] = []
  await run.fp.cron(name, '* * * * *', { overlap }, async ({ scheduledAt }) => {
    ran.push(scheduledAt.toISOString().slice(11, 16))
    if (ran.length === 1) await go.promise
  })
  const running = run.to(at('00:01:00'))
  await run.untilState(name, 'running')
  for (const minute of [2, 3]) {
    await run.clock.advance('1m')
    await run.untilTicks(name, minute)
  }
  expect(ran).toEqual(['00:01'])
  go.resolve()
  await running
  await run.to(at('00:04:00'))
  expect((await ticksOf(run, name)).map(([, state]) => state)).toEqual(states)
  expect(ran).toEqual(order)
  expect((await run.fp.schedules.list()).find((one) => one.name === name)).toMatchObject({
    skippedTicks: overlap === 'skip' ? 2 : 0,
    running: 0,
    queued: 0,
  })
})

test("overlap: 'allow' runs them side by side, each under a token of its own", async () => {
  await using run = await byClock(database, at('00:00:30'))
  const go = deferred()
  const tokens = new Set<number>()
  await run.fp.cron('beside', '* * * * *', { overlap: 'allow' }, async ({ token }) => {
    tokens.add(token)
    if (tokens.size === 3) go.resolve()
    await go.promise
  })
  const running = run.to(at('00:01:00'))
  await run.untilState('beside', 'running')
  for (const minute of [2, 3]) {
    await run.clock.advance('1m')
    await run.untilTicks('beside', minute)
  }
  await running
  expect((await ticksOf(run, 'beside')).map(([, state]) => state)).toEqual(['done', 'done', 'done'])
  expect(tokens.size).toBe(3)
})
