import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type Duration, fencepost } from 'fencepost'
import { Random } from '../history/run/random.ts'

export interface CrewOptions {
  readonly url: string
  readonly seed: number
  readonly jobs: number
  readonly workers: number
  /** Jobs that each worker runs at once. */
  readonly concurrency?: number | undefined
  /** A job thinks three times, for up to so long. */
  readonly thoughtMs?: number | undefined
  /** One job of so many is of a group. */
  readonly groupEvery?: number | undefined
  /** So many workers are killed, and others begin in their place. */
  readonly kills: number
  /** So many are frozen, most of them for longer than `freezeTimeout`. */
  readonly freezes: number
  /** Whether effect and completion commit together; else the effect has a transaction of its own, and is seen twice. */
  readonly isTransactional: boolean
  readonly progress?: (left: number) => void
}

/** What came of it. */
export interface Shift {
  readonly jobs: number
  readonly struck: number
  /** Jobs that took effect twice or more, and those that never did. */
  readonly paidTwice: readonly number[]
  readonly unpaid: readonly number[]
  /** Jobs of a group that took effect before one that was enqueued earlier. */
  readonly outOfOrder: readonly number[]
  /** Attempts that had lost their job and were refused. */
  readonly refused: number
  /** The highest attempt of any job that took effect. */
  readonly attempts: number
  readonly left: number
}

const FREEZE_MS = 1000
const GROUPS = 20
const LONGEST_PAUSE_MS = 250
/** Nothing was done for so long. */
const GIVE_UP_MS = 120_000
const ENQUEUED_AT_ONCE = 1000
const USUAL = { concurrency: 8, thoughtMs: 20, groupEvery: 2 }

/** Processes run jobs, and are killed and frozen at random moments, until every job is done. */
export async function runCrew(options: CrewOptions): Promise<Shift> {
  const { url, seed, jobs } = options
  const random = new Random(seed, 'crew')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create table payments
    (n bigserial primary key, job bigint, grp text, place integer, attempt integer, token bigint, life text)`)
  await enqueue(options)
  const crew = new Crew(options)
  const progress = new Progress(client, options)
  try {
    await crew.begin()
    const struck = await strike(crew, { ...options, progress, random })
    await progress.untilDone()
    return { ...(await readShift(client, jobs)), jobs, struck, refused: crew.refused }
  } finally {
    await crew.end()
    await client.end()
  }
}

/** Some are of a group; the order of a group is that of its places. */
async function enqueue({ url, jobs, groupEvery = USUAL.groupEvery }: CrewOptions): Promise<void> {
  await using fp = fencepost(url)
  const payment = { name: 'payment', retry: { attempts: 1000 }, run: () => {} }
  for (let from = 0; from < jobs; from += ENQUEUED_AT_ONCE) {
    const places = Array.from({ length: Math.min(ENQUEUED_AT_ONCE, jobs - from) }, (_, i) => from + i)
    // Those of one tick travel together, in their order.
    await Promise.all(
      places.map(async (place) => {
        const group = place % groupEvery === 0 ? `group:${(place / groupEvery) % GROUPS}` : null
        await fp.enqueue(payment, { place, group }, group === null ? {} : { group })
      }),
    )
  }
}

class Crew {
  refused = 0
  readonly #options: CrewOptions
  readonly #children: ChildProcess[] = []
  #lives = 0

  constructor(options: CrewOptions) {
    this.#options = options
  }

  async begin(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#start()))
  }

  async kill(index: number): Promise<void> {
    const [child] = this.#children.splice(index, 1)
    child?.kill('SIGKILL')
    await this.#start()
  }

  async freeze(index: number, ms: number): Promise<void> {
    const child = this.#children[index]
    child?.kill('SIGSTOP')
    await pause(ms)
    child?.kill('SIGCONT')
  }

  get size(): number {
    return this.#children.length
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      }),
    )
  }

  async #start(): Promise<void> {
    const { url, isTransactional, concurrency = USUAL.concurrency, thoughtMs = USUAL.thoughtMs } = this.#options
    const library = { freezeTimeout: `${FREEZE_MS}ms` as Duration }
    const settings = { url, life: String(++this.#lives), library, isTransactional, concurrency, thoughtMs }
    const child = fork(new URL('./worker.js', import.meta.url), [JSON.stringify(settings)], { execArgv: [] })
    await once(child, 'message')
    child.on('message', () => this.refused++)
    this.#children.push(child)
  }
}

interface Blows extends Omit<CrewOptions, 'progress'> {
  readonly progress: Progress
  readonly random: Random
}

/** Spread over all of the work. Freezes run beside each other and beside kills. */
async function strike(crew: Crew, { kills, freezes, progress, random }: Blows): Promise<number> {
  const frozen: Promise<void>[] = []
  const left = { kill: kills, freeze: freezes }
  const all = kills + freezes
  for (let struck = 0; struck < all; struck++) {
    await pause(random.between(20, LONGEST_PAUSE_MS))
    await progress.reaches(struck / (all + 1))
    const blow = random.pick(left)
    left[blow]--
    const index = random.between(0, crew.size - 1)
    if (blow === 'kill') await crew.kill(index)
    else frozen.push(crew.freeze(index, random.between(100, 3 * FREEZE_MS)))
  }
  await Promise.all(frozen)
  return all
}

/** How much of the work is done. */
class Progress {
  readonly #client: pg.Client
  readonly #jobs: number
  readonly #tell: (left: number) => void

  constructor(client: pg.Client, { jobs, progress = () => {} }: CrewOptions) {
    this.#client = client
    this.#jobs = jobs
    this.#tell = progress
  }

  /** About, as what was rolled back counts too: a look at the sequence costs nothing. */
  async reaches(share: number): Promise<void> {
    await this.#until(
      'select case when is_called then last_value else 0 end as done from payments_n_seq',
      (done) => done >= share * this.#jobs,
    )
  }

  async untilDone(): Promise<void> {
    await this.#until(`select ${this.#jobs} - count(*) as done from fencepost.jobs`, (done) => done === this.#jobs)
  }

  async #until(text: string, isEnough: (done: number) => boolean): Promise<void> {
    let [last, changedAt] = [-1, performance.now()]
    for (; performance.now() - changedAt < GIVE_UP_MS; await pause(100)) {
      const done = Number((await this.#client.query(text)).rows[0].done)
      this.#tell(this.#jobs - done)
      if (isEnough(done)) return
      if (done !== last) [last, changedAt] = [done, performance.now()]
    }
  }
}

async function readShift(client: pg.Client, jobs: number) {
  const numbers = async (text: string) => (await client.query(text)).rows.map(({ place }) => Number(place))
  const [left] = (await client.query('select count(*)::integer as n from fencepost.jobs')).rows
  const [most] = (await client.query('select coalesce(max(attempt), 0) as n from payments')).rows
  return {
    paidTwice: await numbers('select place from payments group by place having count(*) > 1 order by place'),
    unpaid: await numbers(`select place from generate_series(0, ${jobs - 1}) as place
      except select place from payments order by place`),
    outOfOrder: await numbers(`select place from (
        select place, max(place) over (partition by grp order by n rows unbounded preceding) as highest
        from payments where grp is not null) as one where place < highest`),
    attempts: Number(most.n),
    left: Number(left.n),
  }
}
