import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

/** What looks like the server's own, and says that every token is held by whoever asks. */
const TEMPORARY = (keys: string) => `
  create temporary table pg_locks as
  select 'advisory'::text as locktype, oid as database, (key >> 32)::bigint::oid as classid, (key & 4294967295)::oid as objid,
    1::smallint as objsubid, true as granted, pg_backend_pid() as pid, 'ExclusiveLock'::text as mode
  from pg_catalog.pg_database, unnest(array[${keys}]::bigint[]) as key
  where datname = current_database();
  create temporary table pg_database as select * from pg_catalog.pg_database`
const SHADOWED = `
  create schema evil;
  create function evil.pg_try_advisory_xact_lock_shared(bigint) returns boolean language sql as 'select false';
  create function evil.pg_advisory_xact_lock_shared(bigint) returns void language sql as 'select null';
  create function evil.evil_eq(bigint, bigint) returns boolean language sql immutable as 'select true';
  create operator evil.= (leftarg = bigint, rightarg = bigint, function = evil.evil_eq)`

async function staleToken(name: string): Promise<{ token: number; key: string }> {
  await using fp = fencepost(database.url)
  const lock = await fp.lock(name)
  await lock.release()
  const { rows } = await admin.query<{ key: string }>(
    'select fencepost.token_key(fencepost.gate($1), $2)::text as key',
    [name, lock.token],
  )
  return { token: lock.token, key: rows[0]?.key ?? '' }
}

test('a guard is not deceived by temporary tables of the names of system tables', async () => {
  const { token, key } = await staleToken('a')
  const client = await admin.connect()
  try {
    await client.query(TEMPORARY(key))
    expect((await client.query('select from pg_locks')).rowCount).toBe(1)
    await client.query('begin')
    await expect(client.query(`select fencepost.guard('a', $1)`, [token])).rejects.toMatchObject({ code: 'LK001' })
    await client.query('rollback')
  } finally {
    client.release(true)
  }
})

test('a guard is not deceived by functions and operators that a search_path puts before the server’s', async () => {
  const { token } = await staleToken('b')
  await admin.query(SHADOWED)
  const client = await admin.connect()
  try {
    await client.query('set search_path = evil, pg_catalog; begin')
    expect((await client.query('select 1::bigint = 2::bigint as same')).rows).toEqual([{ same: true }])
    await expect(client.query(`select fencepost.guard('b', $1)`, [token])).rejects.toMatchObject({ code: 'LK001' })
    await client.query('rollback; begin')
    await expect(client.query(`select fencepost.check_token('b', $1)`, [token])).rejects.toMatchObject({
      code: 'LK001',
    })
    await client.query('rollback')
    await client.query(`select fencepost.admit('b', 8)`)
    await expect(client.query(`select fencepost.admit('b', 6)`)).rejects.toMatchObject({ code: 'LK001' })
  } finally {
    client.release(true)
  }
})

test('who may ask a holder to let go is not decided by functions that the one who asks brings along', async () => {
  const role = `fp_hijacker_${process.pid}`
  await admin.query(`
    create role ${role} login password 'x';
    grant usage on schema fencepost to ${role};
    create schema mine authorization ${role}`)
  const client = new pg.Client(database.as(role, 'x'))
  await client.connect()
  try {
    await client.query(`
      create function mine.has_function_privilege(text, text) returns boolean language sql as 'select true';
      set search_path = mine, pg_catalog`)
    const request = `insert into fencepost.evictions (session, key, token, expires_at) values (1, 1, 1, 'infinity')`
    await expect(client.query(request)).rejects.toMatchObject({ code: '42501' })
    await admin.query(request)
    for (const change of ['delete from fencepost.evictions', `update fencepost.evictions set expires_at = '-infinity'`])
      await expect(client.query(change)).rejects.toMatchObject({ code: '42501' })
    expect((await admin.query('delete from fencepost.evictions')).rowCount).toBe(1)
  } finally {
    await client.end()
    await admin.query(`drop owned by ${role} cascade; drop role ${role}`)
  }
})

test('whoever may create in public has nothing of theirs called by a session of ours, a migration or the making of roles', async () => {
  await using own = await cloneDatabase()
  const prefix = `fp_public_${process.pid}`
  await own.admin.query(`
    create table public.called (by text);
    create function public.cardinality(bigint[]) returns integer language plpgsql
    as 'begin insert into public.called values (''cardinality''); return pg_catalog.cardinality($1); end';
    create function public.format(text, text, text) returns text language plpgsql
    as 'begin insert into public.called values (''format''); return pg_catalog.format($1, $2, $3); end';
    create function public.format(text, text) returns text language plpgsql
    as 'begin insert into public.called values (''format''); return pg_catalog.format($1, $2); end'`)
  await using fp = fencepost(own.url)
  try {
    await fp.migrate({ roles: prefix })
    await own.admin.query('select fencepost.grant_roles($1)', [prefix])
    const locks = await Promise.all(['a', 'b', 'c'].map((name) => fp.lock(name)))
    await fp.evict('a')
    await Promise.all(locks.map((lock) => lock.release()))
    expect((await own.admin.query('select distinct by from public.called')).rows).toEqual([])
  } finally {
    const roles = ['admin', 'use', 'inspect'].map((role) => `${prefix}_${role}`)
    await own.admin.query(roles.map((role) => `drop owned by ${role} cascade; drop role ${role}`).join(';'))
  }
})

test('a guard leaves the search_path and everything else of its transaction as it was, but for the limits it sets', async () => {
  await using fp = fencepost(database.url, { freezeTimeout: '7s' })
  await using lock = await fp.lock('c')
  const client = await admin.connect()
  try {
    await client.query(`set search_path = public; begin`)
    await lock.guard(client)
    const { rows } = await client.query(`
      select current_setting('search_path') as path, current_setting('idle_in_transaction_session_timeout') as idle`)
    expect(rows).toEqual([{ path: 'public', idle: '7s' }])
    await client.query('commit')
    const after = await client.query(`select current_setting('idle_in_transaction_session_timeout') as idle`)
    expect(after.rows).toEqual([{ idle: '0' }])
  } finally {
    client.release(true)
  }
})

test('every function with its owner’s rights has a pinned search_path that ends in pg_temp', async () => {
  const { rows } = await admin.query<{ name: string; config: string[] | null }>(`
    select proname as name, proconfig as config from pg_proc
    where pronamespace = 'fencepost'::regnamespace and prosecdef`)
  expect(rows.length).toBeGreaterThan(3)
  for (const { name, config } of rows)
    expect([name, config]).toEqual([name, expect.arrayContaining(['search_path=pg_catalog, pg_temp'])])
})

test('a forged call to a waiter, and a forged description of a lock, change nothing that is held', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await using lock = await fp.lock('d')
  const waiting = other.lock('d', { wait: '20s' })
  const { rows } = await admin.query<{ session: string }>('select session from fencepost.sessions')
  for (const { session } of rows)
    for (const payload of ['1:1', 'x', '', '9223372036854775807:1'])
      await admin.query('select pg_notify($1, $2)', [`fencepost:${session}`, payload])
  await admin.query(`
    insert into fencepost.holders (session, key, holding, namespace, name, acquired_at)
    values (77, fencepost.key('never held'), 1, 'default', 'never held', clock_timestamp())`)
  expect(await fp.who('never held')).toEqual([])
  expect((await fp.locks.query()).held.map(({ name }) => name)).not.toContain('never held')
  await lock.transaction((tx) => tx.query('select 1'))
  await lock.release()
  const next = await waiting
  expect(next.token).toBeGreaterThan(lock.token)
  await next.release()
})
