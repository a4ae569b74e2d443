import { type AnyTransaction, asQueryable } from '../adapters/any-transaction.ts'
import { asError } from '../ground/as-error.ts'
import type { Schema } from '../postgres/schema.ts'
import type { Session } from '../postgres/session.ts'
import { Batch } from '../sessions/batch.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { isEndOfSession, serverErrorOf, sqlState } from '../wire/sql-state.ts'
import { EnqueueUncertainError, JobPayloadError, KeyedJobIsolationError } from './enqueue-errors.ts'
import { type Enqueued, type Prepared, readEnqueued, statementOf } from './enqueue-statement.ts'

/** Of one statement: others wait behind it on the shared session. */
const MOST = 1000
const MOST_CHARACTERS = 2 ** 21
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

/** Somebody else is at the key of the job, in a transaction that goes on. */
const BUSY = 'busy'
type Answer = Enqueued | typeof BUSY | { readonly error: Error }

/** Sends jobs: into a transaction of the caller, or alone, and then those of one tick together. */
export class Enqueuer {
  readonly #sessions: Sessions
  readonly #schema: Schema
  readonly #batch = new Batch<Prepared, Answer>(async (jobs) => await this.#sendTick(jobs))

  constructor({ sessions, schema }: { readonly sessions: Sessions; readonly schema: Schema }) {
    this.#sessions = sessions
    this.#schema = schema
  }

  /** One of the jobs of this tick. A key that somebody else is at is asked for again: on the shared session nothing may wait. */
  async one(job: Prepared): Promise<Enqueued> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = nextPause(pauseMs)) {
      const answer = await this.#batch.ask(job)
      if (answer !== BUSY) return valueOf(answer)
      await pause(pauseMs)
    }
  }

  /** Jobs that are alike, at most a thousand in a statement: of each of these all or none, but for keys that somebody else is at. */
  async many(jobs: readonly Prepared[]): Promise<Enqueued[]> {
    const enqueued: Enqueued[] = []
    for (const part of cut(jobs)) enqueued.push(...(await this.#part(part)))
    return enqueued
  }

  /** Jobs that are alike, in a transaction of the caller; a key that somebody else is at is waited for, in the server. */
  async inside(tx: AnyTransaction, jobs: readonly Prepared[]): Promise<Enqueued[]> {
    const inside = asQueryable(tx)
    // Whoever only ever enqueues inside of transactions has the schema brought up to date as well.
    if (!this.#sessions.wasOpen) await this.#sessions.main()
    const enqueued: Enqueued[] = []
    for (const part of cut(jobs)) {
      const { text, values } = statementOf(part, { waits: true })
      const placed = this.#schema.place(`select fencepost.require_transaction(), ${text}`)
      try {
        const { rows } = await inside.query<{ ids: string }>(placed, values)
        enqueued.push(...readEnqueued(rows[0]?.ids ?? '{}').flatMap((one) => one ?? []))
      } catch (error) {
        throw describeRefusal(part, error) ?? error
      }
    }
    return enqueued
  }

  async #part(jobs: readonly Prepared[]): Promise<Enqueued[]> {
    const enqueued = new Map<Prepared, Enqueued>()
    let left = jobs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = nextPause(pauseMs)) {
      const { session } = await this.#sessions.main()
      const answer = await this.#ask(session, left)
      if (answer instanceof Error) throw answer
      left.forEach((job, i) => answer[i] && enqueued.set(job, answer[i]))
      left = left.filter((job) => !enqueued.has(job))
      if (left.length === 0) return jobs.flatMap((job) => enqueued.get(job) ?? [])
      await pause(pauseMs)
    }
  }

  async #sendTick(jobs: readonly Prepared[]): Promise<Answer[]> {
    const { session } = await this.#sessions.main()
    const answers = new Map<Prepared, Answer>()
    const settle = async (part: readonly Prepared[]) => {
      const settled = await this.#settle(session, part)
      part.forEach((job, i) => answers.set(job, settled[i] ?? BUSY))
    }
    await Promise.all(groupAlike(jobs).flatMap(cut).map(settle))
    return jobs.map((job) => answers.get(job) ?? BUSY)
  }

  /** Jobs of callers who know nothing of each other: none fails for another. */
  async #settle(session: Session, jobs: readonly Prepared[]): Promise<Answer[]> {
    const answer = await this.#ask(session, jobs)
    if (!(answer instanceof Error)) return answer.map((enqueued) => enqueued ?? BUSY)
    if (jobs.length === 1 || session.over.aborted) return jobs.map(() => ({ error: answer }))
    const answers: Answer[] = []
    for (const job of jobs) answers.push(...(await this.#settle(session, [job])))
    return answers
  }

  /** Null for a job whose key somebody else is at: it was not enqueued. */
  async #ask(session: Session, jobs: readonly Prepared[]): Promise<(Enqueued | null)[] | Error> {
    const { name, text, values } = statementOf(jobs, { waits: false })
    try {
      return readEnqueued((await session.ask(`select ${text}`, values, name)) ?? '{}')
    } catch (error) {
      // lock_not_available: a table that is locked, or a job of one of the keys that is being changed.
      if (sqlState(error) === '55P03') return jobs.map(() => null)
      if (session.over.aborted || isEndOfSession(error)) {
        return new EnqueueUncertainError(jobNameOf(jobs), session.describe(error))
      }
      return describeRefusal(jobs, error) ?? session.describe(error)
    }
  }
}

/** Those that are alike stay in their order. */
function groupAlike(jobs: readonly Prepared[]): Prepared[][] {
  const groups = new Map<string, Prepared[]>()
  for (const job of jobs) {
    const found = groups.get(job.terms.likeness)
    if (found === undefined) groups.set(job.terms.likeness, [job])
    else found.push(job)
  }
  return [...groups.values()]
}

function cut(jobs: readonly Prepared[]): Prepared[][] {
  const parts: Prepared[][] = []
  let characters = 0
  for (const job of jobs) {
    characters += job.json.length
    const last = parts.at(-1)
    if (last !== undefined && last.length < MOST && characters <= MOST_CHARACTERS) {
      last.push(job)
      continue
    }
    parts.push([job])
    characters = job.json.length
  }
  return parts
}

/** What the server refuses of a JSON text is of SQLSTATE class 22, or 54 if it is nested too deeply or too long. */
function describeRefusal(jobs: readonly Prepared[], error: unknown): Error | null {
  const code = serverErrorOf(error)?.code ?? ''
  const cause = asError(error)
  if (code === 'LK002') return new KeyedJobIsolationError(jobNameOf(jobs), cause)
  if (/^(22|54)/.test(code)) return new JobPayloadError(jobNameOf(jobs), [{ message: cause.message }], { cause })
  return null
}

function jobNameOf(jobs: readonly Prepared[]): string {
  return jobs[0]?.terms.jobName ?? ''
}

function valueOf(answer: Enqueued | { readonly error: Error }): Enqueued {
  if ('error' in answer) throw answer.error
  return answer
}

function nextPause(pauseMs: number): number {
  return Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
