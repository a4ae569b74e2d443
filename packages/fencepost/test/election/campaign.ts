import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Duration } from 'fencepost'
import { Random } from '../history/run/random.ts'
import { now } from '../support/remote.ts'

export interface CampaignOptions {
  readonly url: string
  readonly seed: number
  readonly candidates: number
  /** Each hits the leader, in the midst of its writes: half kill it, one in five of them a standby too; the others freeze it until another leads. */
  readonly blows: number
  readonly progress?: (struck: number) => void
}

export interface Campaign {
  /** The terms in the order in which they were told. */
  readonly terms: readonly number[]
  readonly writes: number
  /** Pairs of terms that wrote in the same moment: a write of the later one did not see one of the former that is committed. */
  readonly overlaps: readonly Overlap[]
  /** From the kill of the leader, that of the leader and a standby, and the freeze, to the next leader. */
  readonly afterKillMs: readonly number[]
  readonly afterTwoKillsMs: readonly number[]
  readonly afterFreezeMs: readonly number[]
  /** Writes of leaders of before. */
  readonly refused: number
}

export interface Overlap {
  readonly former: number
  readonly later: number
}

/** By the server's own snapshots, not by a clock: who writes under a later term sees all that was written under the ones before. */
const OVERLAPS = `
  with terms as (select term, lag(term) over (order by term) as before from writes group by term)
  select former.term::float8 as former, later.term::float8 as later
  from terms
  join writes as former on former.term = terms.before
  join writes as later on later.term = terms.term
  where not pg_visible_in_snapshot(former.xid, later.seen)
  group by former.term, later.term`
const FREEZE_MS = 1000

/** The leader is killed or frozen, over and over; who was frozen goes on as if it still led. */
export async function runCampaign({ url, seed, candidates, blows, progress }: CampaignOptions): Promise<Campaign> {
  const random = new Random(seed, 'campaign')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table writes (term bigint, life text, xid xid8, seen pg_snapshot)')
  const crowd = new Crowd(url)
  const afterKillMs: number[] = []
  const afterTwoKillsMs: number[] = []
  const afterFreezeMs: number[] = []
  try {
    await Promise.all(Array.from({ length: candidates }, () => crowd.start()))
    let { child, term } = await crowd.leaderAfter(0)
    for (let struck = 1; struck <= blows; struck++) {
      await pause(random.between(5, 60))
      const struckAt = now()
      const isKilled = random.next() < 0.5
      child.kill(isKilled ? 'SIGKILL' : 'SIGSTOP')
      const isStandbyKilled = isKilled && random.next() < 0.2
      if (isStandbyKilled) crowd.killStandby(child, random)
      const next = await crowd.leaderAfter(term)
      const times = isStandbyKilled ? afterTwoKillsMs : isKilled ? afterKillMs : afterFreezeMs
      times.push(next.at - struckAt)
      if (isKilled) await crowd.start()
      if (isStandbyKilled) await crowd.start()
      else child.kill('SIGCONT')
      ;({ child, term } = next)
      progress?.(struck)
    }
    await pause(FREEZE_MS)
    const { rows: overlaps } = await client.query<Overlap>(OVERLAPS)
    const { rows } = await client.query<{ writes: number }>('select count(*)::int as writes from writes')
    const writes = rows[0]?.writes ?? 0
    return { terms: crowd.terms, writes, overlaps, afterKillMs, afterTwoKillsMs, afterFreezeMs, refused: crowd.refused }
  } finally {
    await crowd.end()
    await client.end()
  }
}

interface Leading {
  readonly child: ChildProcess
  readonly term: number
  readonly at: number
}

class Crowd {
  refused = 0
  readonly #url: string
  readonly #children: ChildProcess[] = []
  readonly #leading: Leading[] = []
  #tell: () => void = () => {}
  #lives = 0

  constructor(url: string) {
    this.#url = url
  }

  get terms(): number[] {
    return this.#leading.map(({ term }) => term)
  }

  async start(): Promise<void> {
    const settings = [this.#url, String(++this.#lives), { freezeTimeout: `${FREEZE_MS}ms` as Duration }]
    const child = fork(new URL('./candidate.js', import.meta.url), [JSON.stringify(settings)], { execArgv: [] })
    this.#children.push(child)
    child.on('message', (message: { elected?: number; at?: number; refused?: number }) => {
      if (message.refused !== undefined) this.refused++
      if (message.elected === undefined) return
      this.#leading.push({ child, term: message.elected, at: message.at ?? 0 })
      this.#tell()
    })
    await once(child, 'message')
  }

  /** The first who was elected to a term after this one, and is not known to have been followed. */
  async leaderAfter(term: number): Promise<Leading> {
    for (;;) {
      const last = this.#leading.at(-1)
      if (last !== undefined && last.term > term) return last
      await new Promise<void>((resolve) => (this.#tell = resolve))
    }
  }

  killStandby(leader: ChildProcess, random: Random): void {
    const standbys = this.#children.filter((child) => child !== leader && child.signalCode === null)
    standbys[random.between(0, standbys.length - 1)]?.kill('SIGKILL')
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
}
