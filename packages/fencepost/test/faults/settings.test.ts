import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, inject, test } from 'vitest'
import { cloneDatabase, type Database } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { onServer } from '../support/on-server.ts'

/** What a role or a database may have been given, and what it is on a session of ours instead; the first differs by statement. */
const LIMITS: [setting: string, theirs: string, ours?: string][] = [
  ['lock_timeout', '1'],
  ['statement_timeout', '1000', '0'],
  ['idle_in_transaction_session_timeout', '1000', '0'],
  ['idle_session_timeout', '700', '60000'],
  ['transaction_timeout', '1000', '0'],
  ['default_transaction_isolation', 'serializable', 'read committed'],
  ['default_transaction_read_only', 'on', 'off'],
]
/** What changes how text is read or written, and what names mean. */
const ODD: [setting: string, theirs: string][] = [
  ['search_path', ''],
  ['TimeZone', 'Asia/Kathmandu'],
  ['DateStyle', 'German'],
  ['IntervalStyle', 'sql_standard'],
  ['extra_float_digits', '-15'],
  ['bytea_output', 'escape'],
  ['standard_conforming_strings', 'off'],
  ['synchronous_commit', 'off'],
  ['plpgsql.variable_conflict', 'use_column'],
  ['plpgsql.extra_errors', 'all'],
  ['row_security', 'off'],
]
const role = `strict_${process.pid}`
const database = await cloneDatabase()
await database.admin.query(`create role ${role} login superuser password 'x'`)
afterAll(async () => {
  await database.admin.query(`drop role ${role}`)
  await database[Symbol.asyncDispose]()
})

test.each(['role', 'database'] as const)(
  'FAULTS 12: limits that a %s was given are not those of a session of ours, and do not end its waits',
  async (level) => {
    await using own = await cloneDatabase()
    const known = await settingsOf(own)
    const limits = LIMITS.filter(([setting]) => known.has(setting))
    await recordSettings(own)
    await give(own, level, limits)
    await using strict = fencepost(own.as(role, 'x'), { application: 'strict' })
    await using other = fencepost(own.as(role, 'x'), { application: 'other' })
    const lock = await strict.lock('a')
    const next = other.lock('a')
    const pids = await eventually(() => backends(own, 3))
    await passTime()
    expect(await backends(own, 3)).toEqual(pids)
    expect(lock.signal.aborted).toBe(false)
    await lock.release()
    await (await next).release()

    const { rows } = await own.admin.query<{ name: string; setting: string }>('select distinct name, setting from seen')
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual(
      Object.fromEntries(limits.flatMap(([name, , ours]) => (ours === undefined ? [] : [[name, ours]]))),
    )
  },
)

test('FAULTS 12: settings that change what texts and names mean change nothing', async () => {
  await using own = await cloneDatabase()
  await give(own, 'role', ODD)
  await using strict = fencepost(own.as(role, 'x'), { application: "o'dd\\" })
  await using other = fencepost(own.as(role, 'x'))
  const lock = await strict.lock("it's\\")
  const next = other.lock("it's\\")
  await passTime()
  const [holder] = await other.who("it's\\")
  expect(holder).toMatchObject({ token: lock.token, application: "o'dd\\" })
  expect(Math.abs(Number(holder?.acquiredAt) - Date.now())).toBeLessThan(60_000)
  expect(await listed(own.as(role, 'x'), lock.token)).toEqual([{ state: 'held' }])
  await lock.transaction((tx) => tx.query('select 1'), { isolation: 'serializable' })
  await lock.release()
  await using granted = await next
  expect(granted.token).toBeGreaterThan(lock.token)
})

async function listed(url: string, token: number) {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query('select state from fencepost.list_locks() where token = $1', [token])).rows
  } finally {
    await client.end()
  }
}

async function settingsOf({ admin }: Database): Promise<Set<string>> {
  return new Set((await admin.query<{ name: string }>('select name from pg_settings')).rows.map(({ name }) => name))
}

/** Each session that introduces itself leaves what its limits are. */
async function recordSettings({ admin }: Database): Promise<void> {
  const names = LIMITS.flatMap(([setting, , ours]) => (ours === undefined ? [] : [`'${setting}'`])).join()
  await admin.query(`create table public.seen (name text, setting text);
    create function public.record() returns trigger language plpgsql as $$ begin
      insert into public.seen select name, setting from pg_settings where name in (${names});
      return new;
    end $$;
    create trigger record after insert on fencepost.sessions for each row execute function public.record()`)
}

async function give(
  { admin, name }: Database,
  level: 'role' | 'database',
  settings: readonly (readonly [string, string, ...unknown[]])[],
) {
  for (const [setting, value] of settings) {
    const whom = level === 'role' ? `role ${role} in database ${name}` : `database ${name}`
    await admin.query(`alter ${whom} set ${setting} = ${pg.escapeLiteral(value)}`)
  }
}

/** Connections of ours, once there are as many. */
async function backends({ admin }: Database, count: number): Promise<number[] | null> {
  const ours = `select pid from pg_stat_activity where datname = current_database() and application_name like '%fencepost' order by pid`
  const { rows } = await admin.query<{ pid: number }>(ours)
  return rows.length < count ? null : rows.map(({ pid }) => pid)
}

/** All the limits pass on the server's clock, some of them several times. */
async function passTime(): Promise<void> {
  await onServer(inject('server').url, 'select pg_sleep(2)')
}
