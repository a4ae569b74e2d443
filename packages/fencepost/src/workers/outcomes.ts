import { asError } from '../ground/as-error.ts'
import { isUnstorable } from '../results/stored-result.ts'
import type { Session } from '../postgres/session.ts'
import type { Parameter } from '../wire/question.ts'
import type { Claimed } from '../attempts/running-job.ts'

/** Jobs of one claim that end alike, and travel together. */
interface Group {
  readonly kind: Kind
  readonly token: number
  readonly jobs: Claimed[]
  /** What the statement wants besides: one for each job, or one for all. */
  readonly details: unknown[]
  sent: number
}

type Kind = keyof typeof STATEMENTS

const STATEMENTS = {
  complete: 'select fencepost.complete_jobs($1, $2)',
  finish: 'select fencepost.finish_jobs($1, $2, $3)',
  fail: 'select fencepost.fail_jobs($1, $2)',
  snooze: 'select fencepost.snooze_jobs($1, $2, $3)',
  giveBack: 'select fencepost.give_back_jobs($1, $2, $3)',
} as const
const AGAIN_MS = 100
const TIMES = 20

export interface OutcomesOptions {
  /** Where they go; another one once the last is over. */
  readonly session: () => Promise<Session>
  /** Whether the worker is stopping: then a database that cannot be reached is not waited for. */
  readonly isLast: () => boolean
  /** Of jobs that were no longer ours: nothing was recorded. */
  readonly refused: (jobs: readonly Claimed[]) => void
  /** These were ours, and their end is recorded. */
  readonly recorded: (jobs: readonly Claimed[]) => void
  readonly onError: (error: Error) => void
}

/**
 * How jobs ended, sent one statement a claim: all that ended within one turn of the event loop, or while the last statements were under way.
 * What a lost connection has left unanswered is sent again on the next one: the token decides whether it still counts.
 */
export class Outcomes {
  readonly #options: OutcomesOptions
  #groups = new Map<string, Group>()
  #last: Group | undefined
  #isSending = false
  #failures = 0
  #waiting: (() => void)[] = []

  constructor(options: OutcomesOptions) {
    this.#options = options
  }

  /** Nobody wants its result. */
  complete(job: Claimed): void {
    let group = this.#last
    if (group === undefined || group.token !== job.token) group = this.#last = this.#group('complete', job.token, '')
    group.jobs.push(job)
    this.#start()
  }

  /** @param result as JSON. */
  finish(job: Claimed, result: string): void {
    this.#add('finish', job, '', result)
  }

  /** @param delayMs until it is tried again; null: it is dead. */
  fail(job: Claimed, error: string, delayMs: number | null): void {
    this.#add('fail', job, '', { id: job.id, error: error.replaceAll('\0', '�').toWellFormed(), delayMs })
  }

  snooze(job: Claimed, ms: number): void {
    this.#add('snooze', job, String(ms), `${ms} ms`)
  }

  giveBack(job: Claimed, begun: 'begun' | 'not begun'): void {
    this.#add('giveBack', job, begun, String(begun === 'begun'))
  }

  /** Resolves once nothing is left to be sent or answered. */
  async settled(): Promise<void> {
    if (this.isSettled) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  get isSettled(): boolean {
    return !this.#isSending
  }

  #add(kind: Kind, job: Claimed, variant: string, detail: unknown): void {
    const group = this.#group(kind, job.token, variant)
    group.jobs.push(job)
    group.details.push(detail)
    this.#start()
  }

  #group(kind: Kind, token: number, variant: string): Group {
    const key = `${kind} ${token} ${variant}`
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, (group = { kind, token, jobs: [], details: [], sent: 0 }))
    return group
  }

  #start(): void {
    if (this.#isSending) return
    this.#isSending = true
    // Behind all that ends in this turn, and whatever that starts and ends at once.
    setImmediate(() => void this.#sendAll())
  }

  async #sendAll(): Promise<void> {
    const unsent: Group[] = []
    while (this.#groups.size > 0 || unsent.length > 0) {
      const groups = [...unsent.splice(0), ...this.#groups.values()]
      this.#groups = new Map()
      this.#last = undefined
      unsent.push(...(await this.#send(groups)))
      if (unsent.length > 0) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
    this.#isSending = false
    for (const tell of this.#waiting.splice(0)) tell()
  }

  /** What is to be sent again. */
  async #send(groups: readonly Group[]): Promise<Group[]> {
    let session: Session
    try {
      session = await this.#options.session()
      this.#failures = 0
    } catch (error) {
      this.#options.onError(asError(error))
      // While the worker lives there is time for the database to come back.
      return ++this.#failures < TIMES || !this.#options.isLast() ? [...groups] : []
    }
    const sent = await Promise.all(groups.map(async (group) => await this.#sendOne(session, group)))
    return sent.flat()
  }

  /** What is to be sent again. */
  async #sendOne(session: Session, group: Group): Promise<readonly Group[]> {
    try {
      const answer = await session.ask(STATEMENTS[group.kind], valuesOf(group), `fencepost_${group.kind}`)
      this.#tell(group, answer ?? '{}')
      return []
    } catch (error) {
      // Of many times one is told: a table may be locked for long.
      if (group.sent % TIMES === 0) this.#options.onError(session.describe(error))
      if (isUnstorable(error)) return this.#withoutUnstorable(group, asError(error))
      // While the worker lives its jobs stay with it, and nobody else would ever end them.
      return ++group.sent < TIMES || !this.#options.isLast() ? [group] : []
    }
  }

  /** What the server cannot store is that job's own trouble: its work is done, or has failed, and so it is dead. */
  #withoutUnstorable(group: Group, { message }: Error): readonly Group[] {
    const { kind, jobs, details } = group
    const [job] = jobs
    if (jobs.length > 1) return jobs.map((one, i) => ({ ...group, jobs: [one], details: details.slice(i, i + 1) }))
    if (job !== undefined)
      this.fail(job, `its ${kind === 'finish' ? 'result' : 'end'} cannot be stored: ${message}`, null)
    return []
  }

  #tell({ jobs, sent }: Group, answer: string): void {
    const hits = answer === '{}' ? [] : answer.slice(1, -1).split(',')
    if (hits.length === jobs.length) return this.#options.recorded(jobs)
    const recorded = new Set(hits.map(Number))
    this.#options.recorded(jobs.filter(({ id }) => recorded.has(id)))
    // The first time may have been heard, and only its answer lost.
    if (sent === 0) this.#options.refused(jobs.filter(({ id }) => !recorded.has(id)))
  }
}

function valuesOf({ kind, token, jobs, details }: Group): Parameter[] {
  if (kind === 'fail') return [String(token), JSON.stringify(details)]
  const ids = `{${jobs.map(({ id }) => id).join(',')}}`
  if (kind === 'complete') return [String(token), ids]
  return [String(token), ids, kind === 'finish' ? `[${details.join(',')}]` : (details[0] as string)]
}
