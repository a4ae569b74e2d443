import { defineJob, fencepost } from 'fencepost'
import { drain } from 'fencepost/testing'
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { untilInLine } from '../support/waiters.ts'
import { cloneWithRoles } from './clone-with-roles.ts'

const PREFIX = `fp_${process.pid}`
const { database, made, open, as, urlOf } = await cloneWithRoles(PREFIX)
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('migrate says which roles it has made; nobody can log in as one of them', async () => {
  expect(made).toEqual(['inspect', 'use', 'admin'].map((role) => `${PREFIX}_${role}`))
  const text = 'select from pg_roles where rolname = any($1) and not rolcanlogin and not rolsuper'
  expect((await admin.query(text, [made])).rowCount).toBe(3)
})

test.each(['user', 'boss'] as const)(
  '%s, with no rights but those of the role, locks, waits, shares and guards',
  async (role) => {
    await using fp = open(role)
    await using other = open('user')
    await using lock = await fp.lock(`${role} a`)
    await lock.transaction((tx) => tx.query('insert into effects values ($1)', [role]))
    expect(await other.tryLock(`${role} a`)).toBeNull()
    const waiting = other.lock(`${role} a`, { wait: '30s' })
    await untilInLine(admin, `${role} a`, 1)
    expect(await fp.who(`${role} a`)).toMatchObject([{ token: lock.token }])
    expect((await fp.locks.query()).held).toContainEqual(expect.objectContaining({ name: `${role} a` }))
    await lock.release()
    const next = await waiting
    expect(next.token).toBeGreaterThan(lock.token)
    await next.release()
    await using one = await fp.lock(`${role} b`, { shared: true })
    await using two = await other.lock(`${role} b`, { shared: true })
    expect(two.token).toBe(one.token)
    await one.transaction((tx) => tx.query('select 1'))
    await fp.lockAll([`${role} c`, `${role} d`], (both) => both.transaction((tx) => tx.query('select 1')))
    await fp.transaction([`${role} c`, `${role} d`], (tx) => tx.query('insert into effects values ($1)', [role]))
    await other.transaction([`${role} e`], (tx) => other.lockInTransaction(tx, `${role} f`))
    await using verifier = open(role)
    expect(await verifier.verifier().refusal(new Request('http://x', { headers: header(role) }))).toBeNull()
    await as(role, async (client) => {
      for (const statement of [
        'call fencepost.boot()',
        `call fencepost.lock('${role} e', '5 s')`,
        `select fencepost.guard('${role} e', (select token from fencepost.who('${role} e')))`,
        `select fencepost.unlock('${role} e')`,
        `select fencepost.try_lock('${role} e')`,
      ])
        await client.query(statement)
    })
  },
)

function header(role: string) {
  return { 'fencepost-name': `"${role}"`, 'fencepost-token': '2' }
}

test('a role of use runs things once, and writes to a protected table under its lock', async () => {
  await admin.query(
    `create table ledger (account integer); grant all on ledger to ${PREFIX}_user, ${PREFIX}_boss, ${PREFIX}_nobody`,
  )
  await using owner = fencepost(database.url)
  await owner.protect('ledger', 'account:{account}')
  await using fp = open('user')
  expect(await fp.once('a', async () => 'done')).toBe('done')
  expect(await fp.once('a', async () => 'again')).toBe('done')
  await fp.reconcile()
  await using other = open('user')
  expect(await fp.semaphore('s', 1).acquire(({ number }) => number)).toBe(1)
  await fp.semaphore('s', 1).acquire(async (permit) => {
    await permit.transaction((tx) => tx.query('select 1'))
    const waiting = other.semaphore('s', 1).acquire(() => 'served')
    await untilInLine(admin, 's', 1)
    expect(await other.semaphore('s', 1).who()).toMatchObject([{ token: permit.token }])
    await as('looker', async (client) => {
      expect((await client.query(`select number, waiting from fencepost.permits('s')`)).rows).toEqual([
        { number: 1, waiting: 1 },
      ])
      await client.query('select * from fencepost.semaphores')
    })
    await permit.release()
    expect(await waiting).toBe('served')
  })
  expect(await fp.single('c', { ttl: '1h' }, () => 'computed')).toBe('computed')
  expect(await other.single('c', () => 'again')).toBe('computed')
  await as('looker', (client) => client.query('select * from fencepost.single_results'))
  const insert = 'insert into ledger values (1)'
  await fp.lock('account:1', async (lock) => {
    await lock.transaction((tx) => tx.query(insert))
    // Who may do nothing in our schema writes with a live token, and is refused without.
    await as('nobody', async (client) => {
      await expect(client.query(insert)).rejects.toMatchObject({ code: 'LK005' })
      await client.query(`set fencepost.name = 'account:1'; set fencepost.token = ${lock.token}; ${insert}`)
    })
  })
  const bypass = `begin; select fencepost.bypass('repair'); ${insert}; commit`
  for (const role of ['user', 'looker', 'nobody'] as const)
    await expect(as(role, (client) => client.query(bypass))).rejects.toMatchObject({ code: '42501' })
  await as('boss', (client) => client.query(bypass))
  const forged = `insert into fencepost.bypasses (reason, role, session_role) values ('x', 'innocent', 'innocent')`
  await expect(as('boss', (client) => client.query(forged))).rejects.toMatchObject({ code: '42501' })
  const report = `select fencepost.check_write('x', 'pg_class', 'report', 'default', 'INSERT')`
  await as('looker', (client) => client.query(report))
  expect(await owner.violations()).toEqual([])
  await as('looker', async (client) => {
    for (const view of ['protected_tables', 'once', 'violations', 'bypasses', 'locks'])
      await client.query(`select * from fencepost.${view}`)
  })
})

test('a role of use declares and runs schedules, one of admin pauses, resumes, runs and forgets them, one of inspect looks', async () => {
  await using user = open('user')
  await using boss = open('boss')
  let ran = 0
  await user.cron('minutely', '* * * * *', async ({ transaction }) => {
    await transaction((tx) => tx.query(`insert into effects values ('tick')`))
    ran++
  })
  for (const verb of ['runNow', 'pause', 'resume', 'forget'] as const)
    await expect(user.schedules[verb]('minutely')).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
  await expect(
    as('user', (client) => client.query(`update fencepost.schedules set paused_at = null`)),
  ).rejects.toMatchObject({ code: '42501' })
  expect(await boss.schedules.pause('minutely')).toBe(true)
  await boss.schedules.runNow('minutely')
  await eventually(async () => ran > 0)
  expect(await boss.schedules.resume('minutely')).toBe(true)
  await as('looker', async (client) => {
    const { rows } = await client.query('select name, running from fencepost.schedule_list')
    expect(rows).toMatchObject([{ name: 'minutely' }])
    await client.query('select * from fencepost.tick_list')
    await expect(client.query(`select fencepost.pause_schedule('minutely')`)).rejects.toMatchObject({ code: '42501' })
  })
  await expect(as('nobody', (client) => client.query('select * from fencepost.schedule_list'))).rejects.toMatchObject({
    code: '42501',
  })
  await user.close()
  expect(await boss.schedules.forget('minutely')).toBe(true)
})

test('a role of use raises the epoch where that is due, also after half of its tokens', async () => {
  await admin.query('delete from fencepost.boot')
  await using fp = open('user')
  const first = await fp.lock('epoch')
  await admin.query(
    `select setval('fencepost.tokens', last_value + 1073741823 + 1048576 - last_value % 1048576) from fencepost.tokens`,
  )
  await admin.query(
    `select setval('fencepost.tokens', last_value - last_value % 1048576 + 1048575) from fencepost.tokens`,
  )
  const epochs = async () => Number((await admin.query('select count(*) from fencepost.epochs')).rows[0].count)
  const before = await epochs()
  const second = await fp.lock('prepared')
  expect(await epochs()).toBe(before + 1)
  expect(second.token).toBeGreaterThan(first.token)
})

test.each([
  'insert into fencepost.epochs values (5000, 1, $$mine$$)',
  'update fencepost.epochs set epoch = epoch + 1',
  'delete from fencepost.epochs',
  `select setval('fencepost.tokens', 1)`,
  'alter sequence fencepost.tokens restart',
  'delete from fencepost.boot',
  'delete from fencepost.migrations',
  `insert into fencepost.installations (library, functions) values ('99', 'evil')`,
  'update fencepost.highest_tokens set token = 1',
  'select * from fencepost.highest_tokens',
  'update fencepost.sessions set backend = 1',
  'insert into fencepost.sessions values (1, $$a$$, $$b$$, 1)',
  'truncate fencepost.holders',
  `select fencepost.raise_epoch('mine')`,
  'select fencepost.grant_roles()',
  `create or replace function fencepost.is_held(key bigint) returns boolean language sql as 'select true'`,
  'create table fencepost.mine (n integer)',
  'drop table fencepost.holders',
  `insert into fencepost.roles values ('mine')`,
])('neither use nor inspect nor admin may: %s', async (statement) => {
  for (const role of ['user', 'looker', 'boss'] as const) {
    await expect(as(role, (client) => client.query(statement))).rejects.toMatchObject({ code: '42501' })
  }
})

test('a role of inspect sees who holds and who waits, and can take nothing by our functions', async () => {
  await using fp = open('user')
  await using lock = await fp.lock('seen')
  await as('looker', async (client) => {
    expect((await client.query(`select token from fencepost.who('seen')`)).rows).toEqual([
      { token: String(lock.token) },
    ])
    expect((await client.query('select from fencepost.locks')).rowCount).toBeGreaterThan(0)
    for (const statement of [
      `select fencepost.try_lock('free')`,
      `call fencepost.lock('free')`,
      `select fencepost.guard('seen', ${lock.token})`,
      `select fencepost.admit('seen', 2)`,
      `select fencepost.open_session(1, 'a', 'b', 1)`,
      `select fencepost.take(1, 2, null)`,
      `select nextval('fencepost.tokens')`,
      'delete from fencepost.waiters',
      'delete from fencepost.semaphores',
      'update fencepost.single_results set result = null',
      `select fencepost.take_permits(1, 2, 'default', 's', 1, null, true, '{}', 0, 1)`,
      `select fencepost.single_store('default', 'c', 9, null, null, '1 h', '', '', 0)`,
    ])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
  })
  await using looker = open('looker')
  await expect(looker.lock('free')).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
})

test('a role that was granted nothing may execute nothing in the schema but what triggers call, even with usage of it', async () => {
  await admin.query(`grant usage on schema fencepost to ${PREFIX}_nobody`)
  const { rows } = await admin.query<{ routine: string }>(`
    select oid::regprocedure::text as routine from pg_proc
    where pronamespace = 'fencepost'::regnamespace and has_function_privilege('${PREFIX}_nobody', oid, 'execute')`)
  expect(rows).toEqual([{ routine: expect.stringContaining('check_write') }])
})

test('a role of use enqueues, works and cancels; one of admin pauses, retries and redrives, and inspect looks', async () => {
  await using fp = open('user')
  await using boss = open('boss')
  const flaky = defineJob({
    name: 'flaky',
    keep: '1h',
    retry: { attempts: 1 },
    async run(n: number, job) {
      await job.log('began')
      await job.progress(1)
      if (n === 0) throw new Error('no')
      return await job.transaction(async (tx) => (await tx.query('insert into effects values ($1)', ['job'])).rowCount)
    },
  })
  const [bad, good, unwanted] = await fp.enqueueMany(flaky, [0, 1, 2])
  await fp.enqueue(flaky, 1, { key: 'k', group: 'g', delay: '1h', window: '2h' })
  expect(await fp.jobs.cancel(unwanted?.id ?? 0)).toBe(true)
  expect(await fp.jobs.limit({ queue: 'default' }, { concurrency: 5, rate: { limit: 100, per: '1s' } })).toBe(true)
  const { done, dead } = await drain(fp, [flaky])
  expect([done[0]?.id, dead[0]?.id]).toEqual([good?.id, bad?.id])
  for (const act of [
    () => fp.jobs.pause(),
    () => fp.jobs.resume(),
    () => fp.jobs.redrive(),
    () => fp.jobs.retry(bad?.id ?? 0),
  ])
    await expect(act()).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
  expect([await boss.jobs.pause(), await boss.jobs.resume(), await boss.jobs.redrive()]).toEqual([true, true, 1])
  expect(await boss.jobs.retry(good?.id ?? 0)).toBe(true)
  await as('looker', async (client) => {
    expect((await client.query('select from fencepost.job_counts()')).rowCount).toBeGreaterThan(0)
    expect((await client.query(`select from fencepost.list_jobs('default')`)).rowCount).toBe(4)
    for (const view of ['job_list', 'jobs', 'finished_jobs', 'job_logs', 'queues', 'job_limits', 'workers'])
      await client.query(`select * from fencepost.${view}`)
    for (const statement of [
      `select fencepost.enqueue('x')`,
      `select fencepost.enqueue_jobs('x', '[1]')`,
      'select fencepost.cancel_job(1)',
      'select fencepost.retry_job(1)',
      'select fencepost.redrive_jobs()',
      `select fencepost.pause_queue('x')`,
      `select fencepost.open_worker('{default}')`,
      `select fencepost.claim_jobs(1, '{default}', 1, 1)`,
      'delete from fencepost.jobs',
    ])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
  })
})

test('a function that comes with a migration is for use at once, one with its owner’s rights only if it is listed', async () => {
  await admin.query(`
    create function fencepost.plain() returns integer language sql as 'select 1';
    create function fencepost.mighty() returns integer language sql security definer set search_path = pg_catalog, pg_temp as 'select 1';
    insert into fencepost.installations (library, functions) values ('0.0.1', 'older')`)
  await using fp = fencepost(database.url)
  await fp.migrate()
  await as('user', async (client) => {
    await client.query('select fencepost.plain()')
    await expect(client.query('select fencepost.mighty()')).rejects.toMatchObject({ code: '42501' })
  })
  await as('looker', async (client) => {
    await expect(client.query('select fencepost.plain()')).rejects.toMatchObject({ code: '42501' })
  })
})

test('a prefix that is no name of a role is refused, and one whose roles can log in', async () => {
  await using fp = fencepost(database.url)
  await expect(fp.migrate({ roles: 'Not This' })).rejects.toThrow(TypeError)
  await admin.query(`create role ${PREFIX}_taken_use login`)
  try {
    await expect(fp.migrate({ roles: `${PREFIX}_taken` })).rejects.toMatchObject({ code: '42710' })
  } finally {
    await admin.query(`drop role ${PREFIX}_taken_use`)
  }
  await using poor = fencepost(urlOf('nobody'))
  await expect(poor.migrate({ roles: true })).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
})
