import type pg from 'pg'
import { Schema } from '../../dist/postgres/schema.js'
import { Session } from '../../dist/postgres/session.js'
import { resolveTarget } from '../../dist/postgres/target.js'
import { type Claimed, type Desk, RunningJob } from '../../dist/attempts/running-job.js'

const FREEZE_MS = 60_000

/** As much of a worker as its jobs need: a session, a pool, and claims by hand. */
export interface TestDesk extends Desk, AsyncDisposable {
  readonly session: Session
  /** The next job of a queue. */
  claim(queue: string): Promise<RunningJob>
}

interface Row extends Omit<Claimed, 'id' | 'token' | 'payload'> {
  readonly id: string
  readonly token: string
  readonly payload: string
}

/** By hand, as `claim_jobs` does it in the end. */
const CLAIM = `
  update fencepost.jobs as job
  set state = 'running', token = fencepost.next_token(), session = $1, claimed_at = clock_timestamp(), attempt = attempt + 1
  where id = (
    select id from fencepost.jobs where queue = $2 and state = 'ready' order by priority, id limit 1 for update skip locked
  )
  returning id, queue, name, payload, attempt, attempts, token, key, group_key as "group", enqueued_at as "enqueuedAt",
    keep is null and parent is null and is_plain as "isSimple", is_plain as "isPlain"`

export async function openDesk(target: string | pg.Pool, options: { freezeMs?: number; schema?: string } = {}) {
  const { freezeMs = FREEZE_MS } = options
  const schema = new Schema(options.schema)
  const origin = resolveTarget(target, freezeMs)
  const { config, where } = origin
  const [signal, ready] = [new AbortController().signal, async () => {}]
  const session = await Session.open({ config, where, schema, application: 'desk', freezeMs, ready, signal })
  const desk: TestDesk = {
    origin,
    schema,
    session,
    freezeMs,
    async claim(queue) {
      const [row] = await session.query<Row>(CLAIM, [session.key, queue])
      if (row === undefined) throw new Error(`no job is ready in queue ${queue}`)
      const { id, token, payload, ...rest } = row
      const claimed = { ...rest, id: Number(id), token: Number(token), payload: JSON.parse(payload) as unknown }
      return new RunningJob(claimed, desk)
    },
    async [Symbol.asyncDispose]() {
      await session.close()
      await origin.closePool()
    },
  }
  return desk
}

/** Enqueues jobs of one name, called like their queue. */
export async function enqueue(admin: pg.Pool, queue: string, count = 1): Promise<void> {
  const payloads = JSON.stringify(Array.from({ length: count }, (_, n) => n))
  await admin.query('select fencepost.enqueue_jobs($1, $2::jsonb, queue => $1)', [queue, payloads])
}

/** What is done with the jobs of a worker that is dead or frozen: whoever comes next may claim it. */
export async function rescue(admin: pg.Pool, id: number): Promise<boolean> {
  const { rowCount } = await admin.query(RESCUE, [id])
  return rowCount === 1
}

export const RESCUE = `
  update fencepost.jobs set state = 'ready', token = null, session = null, claimed_at = null
  where id = $1 and state = 'running'`

/** Whether there still is a live job of this id. */
export async function exists(admin: pg.Pool, id: number): Promise<boolean> {
  return (await admin.query('select from fencepost.jobs where id = $1', [id])).rowCount === 1
}
