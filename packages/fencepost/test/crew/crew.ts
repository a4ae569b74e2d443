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
const GIVE_UP_MS = 120_000

/** Processes run jobs, and are killed and frozen at random moments, until every job is done. */
export async function runCrew(options: CrewOptions): Promise<Shift> {
  const { url, seed, jobs } = options
  const random = new Random(seed, 'crew')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create table payments
    (n bigserial primary key, job bigint, grp text, place integer, attempt integer, token bigint, life text)`)
  await enqueue(url, jobs)
  const crew = new Crew(options)
  try {
    await crew.begin()
    const struck = await strike(crew, options, random)
    await untilDone(client, options.progress)
    return { ...(await readShift(client, jobs)), jobs, struck, refused: crew.refused }
  } finally {
    await crew.end()
    await client.end()
  }
}

/** Every other job is of a group; the order of a group is that of its places. */
async function enqueue(url: string, jobs: number): Promise<void> {
  await using fp = fencepost(url)
  const payment = { name: 'payment', retry: { attempts: 1000 }, run: () => {} }
  for (let place = 0; place < jobs; place++) {
    const group = place % 2 === 0 ? `group:${place % (2 * GROUPS)}` : null
    await fp.enqueue(payment, { place, group }, group === null ? {} : { group })
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
    const { url, isTransactional } = this.#options
    const library = { freezeTimeout: `${FREEZE_MS}ms` as Duration }
    const settings = [url, String(++this.#lives), library, isTransactional]
    const child = fork(new URL('./worker.js', import.meta.url), [JSON.stringify(settings)], { execArgv: [] })
    await once(child, 'message')
    child.on('message', () => this.refused++)
    this.#children.push(child)
  }
}

/** Freezes run beside each other and beside kills, as long as one of the crew is left to work. */
async function strike(crew: Crew, { kills, freezes }: CrewOptions, random: Random): Promise<number> {
  const frozen: Promise<void>[] = []
  const left = { kill: kills, freeze: freezes }
  while (left.kill + left.freeze > 0) {
    await pause(random.between(20, LONGEST_PAUSE_MS))
    const blow = random.pick(left)
    left[blow]--
    const index = random.between(0, crew.size - 1)
    if (blow === 'kill') await crew.kill(index)
    else frozen.push(crew.freeze(index, random.between(100, 3 * FREEZE_MS)))
  }
  await Promise.all(frozen)
  return kills + freezes
}

async function untilDone(client: pg.Client, progress: CrewOptions['progress']): Promise<void> {
  for (const end = performance.now() + GIVE_UP_MS; performance.now() < end; await pause(100)) {
    const { rows } = await client.query('select count(*)::integer as left from fencepost.jobs')
    progress?.(rows[0].left)
    if (rows[0].left === 0) return
  }
}

async function readShift(client: pg.Client, jobs: number) {
  const numbers = async (text: string) => (await client.query(text)).rows.map(({ place }) => Number(place))
  const [left] = (await client.query('select count(*)::integer as n from fencepost.jobs')).rows
  const [most] = (await client.query('select coalesce(max(attempt), 0) as n from payments')).rows
  return {
    paidTwice: await numbers('select place from payments group by place having count(*) > 1 order by place'),
    unpaid: await numbers(`select place from generate_series(0, ${jobs - 1}) as place
      where place not in (select place from payments) order by place`),
    outOfOrder: await numbers(`select place from (
        select place, max(place) over (partition by grp order by n rows unbounded preceding) as highest
        from payments where grp is not null) as one where place < highest`),
    attempts: Number(most.n),
    left: Number(left.n),
  }
}
