import { fencepost, type Lock } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const EACH_MS = 200
const LOOPS = 3

test('P3, P4: overlapping guarded transactions do not starve the next holder, and none commits after its grant (H6)', async () => {
  await database.admin.query('create table effects (token bigint)')
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const lock = await fp.lock('busy')
  const stop = new AbortController()
  const loops = Array.from({ length: LOOPS }, (_, i) => guardAndWrite(lock, i, stop.signal))
  const effects = async () => (await database.admin.query('select from effects')).rowCount ?? 0
  try {
    await eventually(async () => (await effects()) >= LOOPS)
    const waiting = other.lock('busy', { wait: '60s' })
    await database.admin.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('busy')`)
    await using next = await waiting
    const written = await next.transaction(async (tx) => (await tx.query('select from effects')).rowCount)
    // The loops have gone on all the time, and go on for a few rounds more.
    await eventually(async () => loops.every(({ refused }) => refused >= LOOPS))
    expect(await effects()).toBe(written)
    expect(next.token).toBeGreaterThan(lock.token)
  } finally {
    stop.abort()
    await Promise.all(loops.map(({ done }) => done))
  }
})

/** Guarded transactions one after the other, out of step with the other loops, whether they are refused or not. */
function guardAndWrite(lock: Lock, i: number, stop: AbortSignal) {
  const loop = { refused: 0, done: run() }
  return loop

  async function run(): Promise<void> {
    const client = await database.admin.connect()
    await pause((EACH_MS / LOOPS) * i)
    while (!stop.aborted) {
      await client.query('begin')
      try {
        await lock.guard(client)
        await client.query('insert into effects values ($1)', [lock.token])
        await pause(EACH_MS)
        await client.query('commit')
      } catch (error) {
        expect(error).toMatchObject({ code: 'STALE_TOKEN' })
        loop.refused++
        await client.query('rollback')
      }
    }
    client.release()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
