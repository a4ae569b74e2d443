import type { Session } from '../postgres/session.ts'
import type { Parameter } from '../wire/question.ts'
import type { Claimed } from '../attempts/claimed.ts'
import { type Claim, readClaim, type Row } from '../attempts/read-claim.ts'
import { sqlState } from '../wire/sql-state.ts'

/** What a worker that found nothing goes by. */
export interface Outlook {
  /** Until the next delayed job is due; null: there is none. */
  readonly dueMs: number | null
  /** Others have jobs, and may die. */
  readonly isBusy: boolean
  /** Somebody is about to enqueue who may not know that we sleep. */
  readonly isEnqueuing: boolean
}

export interface Look {
  readonly jobs: readonly Claimed[]
  readonly outlook: Outlook
}

interface Place {
  readonly priority: number
  readonly id: number
}

const CLAIM = 'select fencepost.claim_jobs($1, $2, $3, $4, $5, $6, $7)'
const LOOK = 'select fencepost.look_for_jobs($1, $2, $3, $4, $5, $6, true)'
const CAREFUL = 10
/** A claim that brought so many characters is not made larger; the server refuses four times as many (54000). */
const HEAVY = 2 ** 24
const TOO_HEAVY = '54000'

/**
 * Claims jobs for one session: from behind the last one it claimed (the watermark), and once in a while from the head of the line. Dead
 * rows stay where they were while anybody has an old snapshot, and going over them at each claim would cost more and more.
 */
export class Claims {
  readonly #session: Session
  readonly #queues: readonly string[]
  readonly #key: string
  readonly #queueList: string
  readonly #nameList: string
  readonly #places = new Map<string, Place>()
  /** Whether the last look saw jobs that need a look at others: where it saw none, claims do not ask for them. */
  #isCareful = true
  /** How many travel well together, once they have been too heavy. */
  #fits = Number.POSITIVE_INFINITY
  #lookedAt = Number.NEGATIVE_INFINITY
  #tookMs = 0

  constructor(session: Session, queues: readonly string[], names: readonly string[]) {
    this.#session = session
    this.#queues = queues
    this.#key = String(session.key)
    this.#queueList = textArray(queues)
    this.#nameList = textArray(names)
  }

  /** For how long no look is to be taken: one that took long because of dead rows takes a tenth of the time at most. */
  get restMs(): number {
    return Math.max(0, this.#tookMs * 10 - (performance.now() - this.#lookedAt))
  }

  get sinceLookMs(): number {
    return performance.now() - this.#lookedAt
  }

  /** From behind the watermark. Undefined: they were too heavy together, and the next claim is of one. */
  async claim(room: number): Promise<readonly Claimed[] | undefined> {
    const most = Math.min(room, this.#fits)
    const places = this.#queues.map((queue) => this.#places.get(queue))
    const priorities = `{${places.map((place) => place?.priority ?? 'NULL').join(',')}}`
    const ids = `{${places.map((place) => place?.id ?? 'NULL').join(',')}}`
    const values: Parameter[] = [
      this.#key,
      this.#queueList,
      String(most),
      this.#isCareful ? careful(most) : '0',
      priorities,
      ids,
      this.#nameList,
    ]
    const answer = await this.#ask(CLAIM, values, { name: 'fencepost_claim', most })
    return answer === undefined ? undefined : this.#noted(readClaim(JSON.parse(answer) as Claim))
  }

  /** From the head, after delayed jobs that are due and jobs of dead workers were made ready; see look_for_jobs. Undefined as in `claim`. */
  async look(room: number, liesDown: 'lies down' | 'stays'): Promise<Look | undefined> {
    const askedAt = performance.now()
    const most = Math.min(room, this.#fits)
    const values = [
      this.#key,
      this.#queueList,
      String(most),
      careful(most),
      this.#nameList,
      String(liesDown === 'lies down'),
    ]
    const answer = await this.#ask(LOOK, values, { name: 'fencepost_look', most })
    if (answer === undefined) return undefined
    this.#lookedAt = performance.now()
    this.#tookMs = this.#lookedAt - askedAt
    const { jobs: claim, outlook } = JSON.parse(answer) as { jobs: Claim; outlook: Outlook }
    this.#isCareful = claim.isCareful
    const jobs = readClaim(claim)
    // More than that were there: they come next, and not what is behind an earlier watermark.
    if (jobs.length >= most) this.#places.clear()
    return { jobs: this.#noted(jobs), outlook }
  }

  async #ask(
    text: string,
    values: readonly Parameter[],
    { name, most }: { name: string; most: number },
  ): Promise<string | undefined> {
    try {
      const answer = (await this.#session.ask(text, values, name)) ?? ''
      if (answer.length < HEAVY) this.#fits *= 2
      return answer
    } catch (error) {
      if (sqlState(error) !== TOO_HEAVY || most === 1) throw error
      this.#fits = 1
      return undefined
    }
  }

  #noted(rows: readonly Row[]): readonly Claimed[] {
    // In order within a queue, so the last one of each is the farthest.
    for (let i = rows.length - 1, queue = ''; i >= 0; i--) {
      const row = rows[i]
      if (row === undefined || row.queue === queue || !row.isPlain) continue
      queue = row.queue
      const place = this.#places.get(queue)
      if (place === undefined || isBehind(row, place)) this.#places.set(queue, { priority: row.priority, id: row.id })
    }
    return rows
  }
}

/** Names as the server reads an array of texts. */
export function textArray(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
}

function isBehind(row: Place, place: Place): boolean {
  return row.priority > place.priority || (row.priority === place.priority && row.id > place.id)
}

/** Half of the room at most, where it can be halved: the other jobs are not to wait until there are none of these. */
function careful(most: number): string {
  return String(Math.min(Math.ceil(most / 2), CAREFUL))
}
