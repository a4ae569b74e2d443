import { hostname } from 'node:os'
import type { Claimed, Desk } from '../attempts/claimed.ts'
import { outcomeOf } from '../attempts/outcome.ts'
import { type Claim, readClaim } from '../attempts/read-claim.ts'
import { delayOf } from '../attempts/retry.ts'
import { RunningJob } from '../attempts/running-job.ts'
import { errorText } from '../ground/as-error.ts'
import { Jobs, type JobsPlace } from '../jobs/jobs.ts'
import { Session } from '../postgres/session.ts'
import type { Job } from '../queue/job.ts'
import { checkPayload } from '../queue/payload.ts'
import { queueNameOf } from '../queue/queue-name.ts'
import type { DoneAttempt, DrainedAttempt, DrainReport, FailedAttempt } from './drain-report.ts'
import { setByClock, setJobClock, type TestClock } from './test-clock.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- jobs of all payloads
export type AnyJob = Job<any, any, any>

const APPLICATION = 'fencepost drain'

/** A worker without a life of its own: it claims when it is told to, and runs one job at a time. */
export class DrainSession implements AsyncDisposable {
  readonly #session: Session
  readonly #desk: Desk
  readonly #jobs: ReadonlyMap<string, AnyJob>
  readonly #queues: readonly string[]
  readonly #report = {
    done: [] as DoneAttempt[],
    failed: [] as FailedAttempt[],
    dead: [] as FailedAttempt[],
    snoozed: [] as DrainedAttempt[],
    lost: [] as DrainedAttempt[],
    hasMore: false,
  }

  static async open(jobs: Jobs, kinds: readonly AnyJob[], clock: TestClock): Promise<DrainSession> {
    const place = Jobs.placeOf(jobs)
    await setByClock(clock, place.main)
    const { origin, schema, namespace, closing } = place
    // freezeMs: a test that is stopped in a debugger keeps its job.
    const session = await Session.open({
      config: origin.config,
      where: origin.where,
      schema,
      application: APPLICATION,
      freezeMs: 0,
      ready: async () => {},
      signal: closing,
    })
    // A connection that nobody uses is given back after some seconds, and a job may take longer than that.
    session.hold()
    try {
      await setJobClock(session, clock.aheadMs)
      const queues = [...new Set(kinds.map(({ queue = 'default' }) => queueNameOf(namespace, queue)))]
      const values = [queues, session.key, APPLICATION, hostname(), process.pid]
      await session.query('select fencepost.open_worker($1, 1, $2, $3, $4, $5)', values)
      return new DrainSession(place, session, { kinds, queues })
    } catch (error) {
      await session.close()
      throw error
    }
  }

  private constructor(
    { origin, schema, freezeMs }: JobsPlace,
    session: Session,
    { kinds, queues }: { kinds: readonly AnyJob[]; queues: readonly string[] },
  ) {
    this.#session = session
    this.#desk = { origin, schema, session, freezeMs }
    this.#jobs = new Map(kinds.map((job) => [job.name, job]))
    this.#queues = queues
  }

  async run(limit: number): Promise<DrainReport> {
    for (let left = limit; left > 0;) {
      const claimed = await this.#claim()
      if (claimed.length === 0) return this.#report
      for (const job of claimed) {
        if (left-- > 0) await this.#runOne(job)
        else await this.#settle('select fencepost.give_back_jobs($1, $2) as ids', job)
      }
    }
    return { ...this.#report, hasMore: true }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.query('select fencepost.close_worker($1)', [this.#session.key]).catch(() => {})
    this.#session.letGo()
    await this.#session.close()
  }

  /** The next one, and one of those that need a look at others. */
  async #claim(): Promise<Claimed[]> {
    const text = 'select fencepost.look_for_jobs($1, $2, 2, 1, $3, is_terse => true) as found'
    const values = [this.#session.key, this.#queues, [...this.#jobs.keys()]]
    const [row] = await this.#session.query<{ found: string }>(text, values)
    return readClaim((JSON.parse(row?.found ?? '') as { jobs: Claim }).jobs)
  }

  async #runOne(claimed: Claimed): Promise<void> {
    const job = this.#jobs.get(claimed.name)
    if (job === undefined) throw new Error(`job "${claimed.name}" was claimed, and is not one of those to be run`)
    const attempt = { id: claimed.id, name: claimed.name, attempt: claimed.attempt, payload: claimed.payload }
    const running = new RunningJob(claimed, this.#desk)
    let payload: unknown
    try {
      payload = await checkPayload(job, claimed.payload)
    } catch (error) {
      // It would be refused each time.
      return await this.#fail(claimed, attempt, { error, delayMs: null })
    }
    try {
      const result: unknown = await job.run(payload, running)
      if (running.isCompleted) this.#report.done.push({ ...attempt, result })
      else await this.#end(claimed, attempt, result)
    } catch (error) {
      // Completed by its transaction: what it threw after that counts for nothing.
      if (running.isCompleted) this.#report.done.push({ ...attempt, result: undefined })
      else
        await this.#fail(claimed, attempt, { error, delayMs: delayOf({ retry: job.retry, jitter: 0 }, error, claimed) })
    }
  }

  async #end(claimed: Claimed, attempt: DrainedAttempt, result: unknown): Promise<void> {
    const outcome = outcomeOf(claimed, result)
    if (outcome.kind === 'unkept') return await this.#fail(claimed, attempt, { error: outcome.error, delayMs: null })
    if (outcome.kind === 'snooze') return await this.#snooze(claimed, attempt, outcome.ms)
    const isOurs =
      outcome.kind === 'complete'
        ? await this.#settle('select fencepost.complete_jobs($1, $2) as ids', claimed)
        : await this.#settle('select fencepost.finish_jobs($1, $2, $3) as ids', claimed, `[${outcome.result}]`)
    if (isOurs) this.#report.done.push({ ...attempt, result })
    else this.#report.lost.push(attempt)
  }

  async #snooze(claimed: Claimed, attempt: DrainedAttempt, ms: number): Promise<void> {
    const text = `select fencepost.snooze_jobs($1, $2, $3::float8 * interval '1 ms') as ids`
    const isOurs = await this.#settle(text, claimed, ms)
    this.#report[isOurs ? 'snoozed' : 'lost'].push(attempt)
  }

  async #fail(claimed: Claimed, attempt: DrainedAttempt, { error, delayMs }: Failure): Promise<void> {
    const failure = { id: claimed.id, error: errorText(error), delayMs }
    const text = 'select fencepost.fail_jobs($1, $2) as ids'
    const [row] = await this.#session.query<{ ids: number[] }>(text, [claimed.token, JSON.stringify([failure])])
    if (row?.ids.length !== 1) this.#report.lost.push(attempt)
    else this.#report[delayMs === null ? 'dead' : 'failed'].push({ ...attempt, error })
  }

  /** Whether the job was still ours. */
  async #settle(text: string, { token, id }: Claimed, ...rest: unknown[]): Promise<boolean> {
    const [row] = await this.#session.query<{ ids: number[] }>(text, [token, [id], ...rest])
    return row?.ids.length === 1
  }
}

interface Failure {
  readonly error: unknown
  /** Null: it is dead. */
  readonly delayMs: number | null
}
