import { fencepost } from 'fencepost'
import pg from 'pg'
import { ServerWithClock, type StartServer, TurnedClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

/** A change of the clocks in a zone, at an instant of UTC, and what a schedule there has to do around it. */
export interface Change {
  readonly zone: string
  readonly at: string
  /** Of a fixed time of the day that the change has to do with. */
  readonly fixed: string
  /** When that is, in the 24 hours on either side of the change. */
  readonly fixedTicks: readonly string[]
}

/** Spring and autumn of three zones; Lord Howe moves by half an hour. The years are those that come. */
export const CHANGES: readonly Change[] = [
  {
    zone: 'America/New_York',
    at: '2027-03-14T07:00:00Z',
    fixed: '30 2 * * *',
    // 02:30 does not exist: at the first moment after it.
    fixedTicks: ['2027-03-13T07:30:00Z', '2027-03-14T07:00:00Z', '2027-03-15T06:30:00Z'],
  },
  {
    zone: 'Europe/Warsaw',
    at: '2027-03-28T01:00:00Z',
    fixed: '30 2 * * *',
    fixedTicks: ['2027-03-27T01:30:00Z', '2027-03-28T01:00:00Z', '2027-03-29T00:30:00Z'],
  },
  {
    zone: 'Australia/Lord_Howe',
    at: '2027-04-03T15:00:00Z',
    fixed: '45 1 * * *',
    // 01:45 is there twice: the first time.
    fixedTicks: ['2027-04-03T14:45:00Z', '2027-04-04T15:15:00Z'],
  },
  {
    zone: 'Australia/Lord_Howe',
    at: '2027-10-02T15:30:00Z',
    fixed: '15 2 * * *',
    fixedTicks: ['2027-10-01T15:45:00Z', '2027-10-02T15:30:00Z', '2027-10-03T15:15:00Z'],
  },
  {
    zone: 'Europe/Warsaw',
    at: '2027-10-31T01:00:00Z',
    fixed: '30 2 * * *',
    fixedTicks: ['2027-10-30T00:30:00Z', '2027-10-31T00:30:00Z', '2027-11-01T01:30:00Z'],
  },
  {
    zone: 'America/New_York',
    at: '2027-11-07T06:00:00Z',
    fixed: '30 1 * * *',
    fixedTicks: ['2027-11-06T05:30:00Z', '2027-11-07T05:30:00Z', '2027-11-08T06:30:00Z'],
  },
]

/** In seconds, what the clocks of the replicas are off. */
export const SHIFTS = [-90, -60, -10, 10, 60, 90]
const ZONES = [...new Set(CHANGES.map(({ zone }) => zone))]
const STEP_MS = 15 * 60_000
const DECLARED = [
  ...ZONES.map((zone) => ({ name: `every ${zone}`, expression: '*/15 * * * *', tz: zone })),
  ...CHANGES.map(({ zone, at, fixed }) => ({ name: `fixed ${at}`, expression: fixed, tz: zone })),
]

/** A tick as somebody has recorded it. */
export interface Recorded {
  readonly name: string
  readonly scheduledAt: string
  readonly state: string
  readonly effects: number
}

/** Six processes with the same schedules, whose clocks differ, and a server whose clock is led through the changes of clocks in three zones. */
export class Replicas implements AsyncDisposable {
  readonly #server: ServerWithClock
  readonly #admin: pg.Pool
  readonly #replicas: { readonly clock: TurnedClock; readonly shift: number; remote: Remote }[] = []

  static async start(start: StartServer): Promise<Replicas> {
    const server = await ServerWithClock.start(start)
    await using fp = fencepost(server.server.url)
    await fp.migrate()
    const replicas = new Replicas(server)
    await replicas.#admin.query(
      'create table effects (name text, scheduled_at timestamptz, attempt integer, process integer)',
    )
    // Before the first change, so that nothing is missed on the way there.
    await replicas.#turn(Date.parse(CHANGES[0]?.at ?? '') - 86_400_000 * 3)
    await Promise.all(SHIFTS.map(async (shift) => await replicas.#add(shift)))
    return replicas
  }

  private constructor(server: ServerWithClock) {
    this.#server = server
    this.#admin = new pg.Pool({ connectionString: server.server.url, max: 2 })
  }

  /** How far the clocks of the replicas are from the server's, in seconds, in order. */
  async shifts(): Promise<number[]> {
    const { rows } = await this.#admin.query<{ now: Date }>('select clock_timestamp() as now')
    const times = await Promise.all(this.#replicas.map(async ({ remote }) => await remote.call<number>('now')))
    return times.map((time) => (time - Number(rows[0]?.now)) / 1000).toSorted((one, other) => one - other)
  }

  /** How many ticks were run again. */
  async repeated(): Promise<number> {
    return (await this.#admin.query('select from fencepost.schedule_ticks where attempt > 1')).rowCount ?? 0
  }

  /** Kills whoever is seen to run a tick, and starts another in its place. False if nobody was seen. */
  async strike(): Promise<boolean> {
    const text = `select process from fencepost.schedule_ticks where state = 'running' limit 1`
    for (let looks = 0; looks < 100; looks++) {
      const { rows } = await this.#admin.query<{ process: number }>(text)
      const struck = this.#replicas.find(({ remote }) => remote.pid === rows[0]?.process)
      if (struck === undefined) continue
      await struck.remote.kill()
      struck.remote = await this.#begin(struck.clock)
      return true
    }
    return false
  }

  /** Leads all through the hours on either side of a change, in steps of a quarter of an hour, and tells what was recorded in them. */
  async through(change: Change, hours: number, meanwhile: () => Promise<void> = async () => {}): Promise<Recorded[]> {
    const { from, to } = windowOf(change, hours)
    await this.#leap(from)
    for (let now = from + STEP_MS; now <= to; now += STEP_MS) {
      await this.#turn(now)
      await Promise.all([meanwhile(), this.#settled()])
    }
    return await this.#recorded(from, to)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { remote, clock } of this.#replicas) {
      await remote.kill()
      await clock[Symbol.asyncDispose]()
    }
    await this.#admin.end()
    await this.#server[Symbol.asyncDispose]()
  }

  async #add(shift: number): Promise<void> {
    const clock = await TurnedClock.start()
    await clock.turn(this.#offset + shift)
    this.#replicas.push({ clock, shift, remote: await this.#begin(clock) })
  }

  async #begin(clock: TurnedClock): Promise<Remote> {
    const inside = ['env', ...clock.environment]
    const remote = await Remote.run('fixtures/schedules.js', [this.#server.server.url], inside)
    await remote.call('cronAll', DECLARED, 'writeSlowly')
    return remote
  }

  /** Over months in which nobody is asked for anything. */
  async #leap(to: number): Promise<void> {
    await this.#admin.query('select fencepost.pause_schedule(name) from fencepost.schedules')
    await this.#turn(to)
    await this.#admin.query('select fencepost.resume_schedule(name) from fencepost.schedules')
    await this.#settled()
  }

  #offset = 0

  /** All at once, the server a little behind the instant at most by the second that it is rounded up to. */
  async #turn(to: number): Promise<void> {
    this.#offset = Math.ceil((to - Date.now()) / 1000)
    await this.#server.turn(this.#offset)
    for (const { clock, shift } of this.#replicas) await clock.turn(this.#offset + shift)
    await eventually(async () => {
      const { rows } = await this.#admin.query<{ now: Date }>('select clock_timestamp() as now')
      return Number(rows[0]?.now) >= to
    })
    // They would look after some seconds.
    await this.#admin.query(`select pg_notify('fencepost:cron', 'default')`)
  }

  /** Until every tick up to now has its row, and none of them is to be run any more. */
  async #settled(): Promise<void> {
    await eventually(async () => {
      const due = await this.#admin.query(`
        select from fencepost.schedule_list
        where next_at is null or next_at <= clock_timestamp() or running > 0 or queued > 0`)
      return due.rowCount === 0
    })
  }

  async #recorded(from: number, to: number): Promise<Recorded[]> {
    const { rows } = await this.#admin.query<Recorded>(
      `
      select tick.name, to_char(tick.scheduled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "scheduledAt",
        tick.state, (select count(*)::integer from effects where (effects.name, effects.scheduled_at) = (tick.name, tick.scheduled_at)) as effects
      from fencepost.schedule_ticks as tick
      where tick.scheduled_at > $1 and tick.scheduled_at <= $2
      order by tick.name collate "C", tick.scheduled_at`,
      [new Date(from), new Date(to)],
    )
    return rows
  }
}

/** What there has to be: one row for each tick, run once. */
export function expectedOf(change: Change, hours: number): Recorded[] {
  const { from, to } = windowOf(change, hours)
  const every = Array.from({ length: (to - from) / STEP_MS }, (_, step) => from + (step + 1) * STEP_MS)
  const fixed = change.fixedTicks.map((tick) => Date.parse(tick)).filter((tick) => tick > from && tick <= to)
  return [
    ...ZONES.flatMap((zone) => every.map((tick) => doneOf(`every ${zone}`, tick))),
    ...fixed.map((tick) => doneOf(`fixed ${change.at}`, tick)),
  ].toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
}

/** Without the fixed times that other changes have to do with. */
export function ofChange({ at }: Change, recorded: readonly Recorded[]): Recorded[] {
  return recorded.filter(({ name }) => name.startsWith('every') || name === `fixed ${at}`)
}

function windowOf({ at }: Change, hours: number) {
  return { from: Date.parse(at) - hours * 3_600_000, to: Date.parse(at) + hours * 3_600_000 }
}

function doneOf(name: string, tick: number): Recorded {
  return { name, scheduledAt: new Date(tick).toISOString().replace('.000Z', 'Z'), state: 'done', effects: 1 }
}

function orderOf({ name, scheduledAt }: Recorded): string {
  return `${name} ${scheduledAt}`
}
