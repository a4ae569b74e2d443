import pg from 'pg'
import { settings } from './settings.js'

const { claim: SIZE, connections: CONNECTIONS } = settings.raw
const TABLE = `create table if not exists raw_jobs (
    id bigint generated always as identity primary key,
    payload jsonb not null,
    token bigint
  );
  create index if not exists raw_jobs_ready on raw_jobs (id) where token is null;
  create sequence if not exists raw_tokens`
/** By ctid, as a join would be planned by a guess of how many there are; in order, and nobody waits for anybody. */
const CLAIM = {
  name: 'claim',
  text: `update raw_jobs set token = $1 where ctid = any (array(
      select ctid from raw_jobs where token is null order by id limit ${SIZE} for update skip locked
    )) returning id, payload`,
}
/** The fence: what has been claimed by another meanwhile is left alone. */
const COMPLETE = { name: 'complete', text: 'delete from raw_jobs where id = any ($1::bigint[]) and token = $2' }
const ENQUEUE = { name: 'enqueue', text: 'insert into raw_jobs (payload) values ($1)' }
const ENQUEUE_BATCH = {
  name: 'enqueue batch',
  text: 'insert into raw_jobs (payload) select value from jsonb_array_elements($1::jsonb)',
}
const IDLE_MS = 5

/**
 * The least that a queue in PostgreSQL can do, written by hand: batches are claimed and completed by statements of their own, two of
 * them under way, so that one is handled while the other travels. No retries, no rescue, no wake-up.
 *
 * @param {import('./job-queue.js').Endpoints} endpoints
 * @returns {Promise<import('./job-queue.js').JobQueue>}
 */
export async function openRaw({ postgres }) {
  const pool = new pg.Pool({ connectionString: postgres, max: 10 })
  await pool.query(TABLE)
  return {
    prepare: () => pool.query('truncate raw_jobs'),
    enqueue: (number) => pool.query({ ...ENQUEUE, values: [JSON.stringify({ number })] }),
    enqueueBatch: (numbers) =>
      pool.query({ ...ENQUEUE_BATCH, values: [JSON.stringify(numbers.map((number) => ({ number })))] }),
    analyze: () => pool.query('analyze raw_jobs'),
    work: async (handler, concurrency) => {
      const over = new AbortController()
      const loops = Array.from(
        { length: CONNECTIONS },
        async () => await work(pool, { handler, over: over.signal, concurrency }),
      )
      return async () => {
        over.abort()
        await Promise.all(loops)
      }
    },
    isDone: async () => {
      const { rows } = await pool.query('select not exists (select from raw_jobs) as done')
      return rows[0].done
    },
    close: () => pool.end(),
  }
}

/**
 * Claims, handles, completes, until it is over.
 *
 * @param {pg.Pool} pool
 * @param {{ handler: import('./job-queue.js').Handler, over: AbortSignal, concurrency: number }} how
 */
async function work(pool, { handler, over, concurrency }) {
  const client = await pool.connect()
  try {
    while (!over.aborted) {
      const token = await nextToken(client)
      const { rows } = await client.query({ ...CLAIM, values: [token] })
      if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      await handleAll(rows, { handler, concurrency })
      await client.query({ ...COMPLETE, values: [rows.map(({ id }) => id), token] })
    }
  } finally {
    client.release()
  }
}

/** @param {pg.PoolClient} client */
async function nextToken(client) {
  const { rows } = await client.query({ name: 'token', text: `select nextval('raw_tokens') as token` })
  return rows[0].token
}

/** So many at once. @param {any[]} rows @param {{ handler: import('./job-queue.js').Handler, concurrency: number }} how */
async function handleAll(rows, { handler, concurrency }) {
  let next = 0
  const one = async () => {
    while (next < rows.length) await handler(rows[next++].payload.number)
  }
  await Promise.all(Array.from({ length: concurrency }, one))
}
