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
  /** Each hits the leader, once it has written: half of them kill it, the others freeze it until somebody else leads. */
  readonly blows: number
  readonly progress?: (struck: number) => void
}

export interface Campaign {
  /** The terms in the order in which they were told, and in which their writes are in the table. */
  readonly terms: readonly number[]
  readonly written: readonly number[]
  /** From the kill, and from the freeze, to the next leader. */
  readonly afterKillMs: readonly number[]
  readonly afterFreezeMs: readonly number[]
  /** Writes of leaders of before. */
  readonly refused: number
}

const FREEZE_MS = 1000

/** The leader is killed or frozen, over and over; who was frozen goes on as if it still led. */
export async function runCampaign({ url, seed, candidates, blows, progress }: CampaignOptions): Promise<Campaign> {
  const random = new Random(seed, 'campaign')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table writes (n bigserial primary key, term bigint, life text)')
  const crowd = new Crowd(url)
  const afterKillMs: number[] = []
  const afterFreezeMs: number[] = []
  try {
    await Promise.all(Array.from({ length: candidates }, () => crowd.start()))
    let { child, term } = await crowd.leaderAfter(0)
    for (let struck = 1; struck <= blows; struck++) {
      await pause(random.between(5, 60))
      const struckAt = now()
      const isKilled = random.next() < 0.5
      child.kill(isKilled ? 'SIGKILL' : 'SIGSTOP')
      const next = await crowd.leaderAfter(term)
      ;(isKilled ? afterKillMs : afterFreezeMs).push(next.at - struckAt)
      if (isKilled) await crowd.start()
      else child.kill('SIGCONT')
      ;({ child, term } = next)
      progress?.(struck)
    }
    await pause(FREEZE_MS)
    const { rows } = await client.query('select term from writes order by n')
    const written = rows.map((row: { term: string }) => Number(row.term))
    return { terms: crowd.terms, written, afterKillMs, afterFreezeMs, refused: crowd.refused }
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
