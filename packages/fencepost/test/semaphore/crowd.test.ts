import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'

const PROCESSES = 4
const CALLERS = 200
const PERMITS = 10

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

interface Note {
  readonly caller: number
  readonly process: number
  readonly number: number
  readonly token: number
  readonly what: 'in' | 'out'
  readonly held: number
}

test('P1, P4, P6: 200 callers of four processes on 10 permits, two processes killed on the way: never 11 hold, all are served, in order', async () => {
  await admin.query(`create table served (
    at bigint generated always as identity, caller integer, process integer, number integer, token bigint, what text, held integer
  )`)
  const callers = Array.from({ length: CALLERS }, (_, caller) => caller)
  const shares = Array.from({ length: PROCESSES }, (_, i) => callers.filter((caller) => caller % PROCESSES === i))
  const killed: number[] = []
  const run = async (share: readonly number[], killAt: number | null): Promise<void> => {
    await using remote = await Remote.start(database.url)
    const served = remote.call('serve', 'crowd', PERMITS, share)
    if (killAt === null) return await served
    served.catch(() => {})
    await eventually(() => isHoldingAfter(killAt, remote.pid))
    await remote.kill()
    killed.push(remote.pid)
    const done = new Set((await notes()).filter(({ what }) => what === 'out').map(({ caller }) => caller))
    await run(
      share.filter((caller) => !done.has(caller)),
      null,
    )
  }
  await Promise.all(shares.map((share, i) => run(share, [15, 35, null, null][i] ?? null)))

  const history = await notes()
  expect(killed).toHaveLength(2)
  expect(new Set(history.filter(({ what }) => what === 'out').map(({ caller }) => caller)).size).toBe(CALLERS)
  expect(Math.max(...history.map(({ held }) => held))).toBe(PERMITS)
  expect(overlaps(history, killed)).toEqual([])
  for (const process of new Set(history.map((note) => note.process))) {
    const order = history
      .filter((note) => note.process === process && note.what === 'in')
      .toSorted((one, other) => one.token - other.token)
      .map(({ caller }) => caller)
    expect(order).toEqual(order.toSorted((one, other) => one - other))
  }
  await untilInLine(admin, 'crowd', 0)
})

test('P6: 400 callers who wait in four processes take no connection besides the one of each process, and are served in order', async () => {
  await using holder = fencepost(database.url)
  const held = [await holder.semaphore('many', 2).acquire(), await holder.semaphore('many', 2).acquire()]
  const applications = Array.from({ length: PROCESSES }, (_, i) => `waits ${i}`)
  const remotes = await Promise.all(applications.map((application) => Remote.start(database.url, { application })))
  const turns = remotes.map((remote) => remote.call<number[]>('permitTurns', 'many', 2, 100))
  await untilInLine(admin, 'many', 400)
  const { rows: line } = await admin.query<{ application: string }>(
    `select application from fencepost.waiters join fencepost.sessions using (session) where name = 'many' order by ticket`,
  )
  const { rows } = await admin.query(
    `select count(*)::integer as n from pg_stat_activity where application_name like 'waits %' group by application_name`,
  )
  expect(rows).toEqual(applications.map(() => ({ n: 1 })))
  for (const permit of held) await permit.release()
  const granted = await Promise.all(turns)
  for (const tokens of granted) expect(tokens).toEqual(tokens.toSorted((one, other) => one - other))
  const served = granted
    .flatMap((tokens, i) => tokens.map((token) => ({ token, application: applications[i] })))
    .toSorted((one, other) => one.token - other.token)
  expect(served.map(({ application }) => application)).toEqual(line.map(({ application }) => application))
  await untilInLine(admin, 'many', 0)
  await Promise.all(remotes.map((remote) => remote.kill()))
})

async function notes(): Promise<Note[]> {
  const { rows } = await admin.query<Note & { token: string }>('select * from served order by at')
  return rows.map((row) => ({ ...row, token: Number(row.token) }))
}

/** Of its own notes: who came first may be done when the others begin. */
async function isHoldingAfter(count: number, process: number): Promise<boolean> {
  const own = (await notes()).filter((note) => note.process === process)
  return own.length >= count && own.filter(({ what }) => what === 'in').length * 2 > own.length
}

/** A number that somebody has before the one who had it has gone, or was killed; and what somebody still does whose number has gone on. */
function overlaps(history: readonly Note[], killed: readonly number[]): Note[] {
  const having = new Map<number, Note>()
  return history.filter((note) => {
    const before = having.get(note.number)
    const isLate = note.what === 'out' && before?.token !== note.token
    const isEarly = note.what === 'in' && before !== undefined && !killed.includes(before.process)
    if (note.what === 'in') having.set(note.number, note)
    else having.delete(note.number)
    return isLate || isEarly || note.number < 1 || note.number > PERMITS
  })
}
