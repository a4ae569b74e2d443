import { afterAll, expect, test } from 'vitest'
import { runCommand } from '../cli/command.ts'
import { emptyDatabase, ownServer } from '../support/database.ts'
import { diagnose } from './diagnose.ts'

const ROLE = `fencepost_doctor_${process.pid}`
const SHARED = ['replication-slots', 'durability', 'connections', 'lock-table', 'notify-queue', 'fail-over'].join()
const database = await emptyDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('doctor: a sound server is told to be so, with exit code 0, and a warning changes that', async () => {
  await using server = await ownServer({ fsync: 'on', full_page_writes: 'on' })
  const sound = await runCommand(['doctor', server.url])
  expect(sound).toMatchObject({ code: 0, stderr: '' })
  expect(sound.stdout).toMatch(
    /^127\.0\.0\.1:\d+\/postgres, PostgreSQL [\d.]+: no hazard among the \d+ looked for\.\n\nfine /,
  )
  const { host, port, password } = Object.fromEntries(
    ['host', 'port', 'password'].map((part) => [part, new URL(server.url)[part as 'port']]),
  )
  expect(sound.stdout).toContain(`${host?.split(':')[0]}:${port}`)
  expect(sound.stdout).not.toContain(password)
})

test('doctor: it leaves nothing behind in a database that never saw us, and does not end anybody', async () => {
  await look()
  const before = await look()
  const { verdicts } = await diagnose(database.url)
  expect(await look()).toEqual(before)
  // What is ours is not asked for where it is not.
  expect(verdicts.map(({ hazard }) => hazard)).not.toContain('waiting-jobs')
})

test('doctor: the worst comes first, and the summary counts', async () => {
  await admin.query(`alter database ${database.name} set session_replication_role = 'replica'`)
  await admin.query(`alter database ${database.name} set lock_timeout = '1s'`)
  const { code, summary, healthy, verdicts } = await diagnose(database.url, '--skip', SHARED)
  await admin.query(`alter database ${database.name} reset all`)
  expect({ code, healthy }).toEqual({ code: 1, healthy: false })
  const levels = ['danger', 'warning', 'unseen', 'note', 'fine']
  const ranks = verdicts.map(({ level }) => levels.indexOf(level))
  expect(ranks).toEqual(ranks.toSorted((one, other) => one - other))
  expect(verdicts[0]).toMatchObject({ hazard: 'inherited-settings', level: 'danger' })
  expect(summary).toMatch(/: 1 danger and 1 warning\.$/)
})

test('doctor: a role without any right gets as far as it may, and is told what it was not shown', async () => {
  await admin.query(`create role ${ROLE} login password 'hunter2'`)
  const holder = await admin.connect()
  try {
    await holder.query('select pg_advisory_lock(72707369)')
    const { verdicts, of } = await diagnose(database.as(ROLE, 'hunter2'), '--older-than', '0s')
    expect(of('stuck-locks')).toMatchObject([{ level: 'unseen', mend: expect.stringContaining('grant pg_monitor') }])
    expect(of('open-transactions')).toMatchObject([{ level: 'unseen' }])
    expect(of('invalid-indexes')).toMatchObject([{ level: 'fine' }])
    expect(verdicts.filter(({ what }) => what.startsWith('could not be looked at'))).toEqual([])
    await admin.query(`grant pg_monitor to ${ROLE}`)
    const seeing = await diagnose(database.as(ROLE, 'hunter2'), '--older-than', '0s')
    expect(seeing.of('stuck-locks')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('Prisma Migrate') },
    ])
  } finally {
    await holder.query('select pg_advisory_unlock_all()')
    holder.release()
    await admin.query(`drop role ${ROLE}`)
  }
})

test('doctor: a role without rights on our schema is told which it needs', async () => {
  await admin.query(
    `create role ${ROLE}_2 login password 'hunter2'; create schema ours; create table ours.installations ()`,
  )
  try {
    const { of } = await diagnose(database.as(`${ROLE}_2`, 'hunter2'), '--schema', 'ours')
    expect(of('dead-jobs')).toMatchObject([{ level: 'unseen', mend: expect.stringContaining('grant ours_inspect to') }])
    expect(of('schema-version')).toMatchObject([{ level: 'unseen' }])
    expect(of('clock')).toMatchObject([{ level: 'fine' }])
  } finally {
    await admin.query(`drop schema ours cascade; drop role ${ROLE}_2`)
  }
})

test('doctor: what is out of reach is told in one line, with exit code 69', async () => {
  const { code, stdout, stderr } = await runCommand(['doctor', 'postgres://u:hunter2@127.0.0.1:1/app'])
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
  expect(stderr).toMatch(/^fencepost: the database at 127\.0\.0\.1:1\/app cannot be reached: .*\n$/)
})

test.each([
  [['--skip', 'nonsense'], /there is no hazard 'nonsense'; there are pooler, /],
  [['--older-than', '5'], /--older-than must be a duration/],
  [['--schema', 'Not This'], /cannot be a schema/],
])('doctor: %j is a usage error', async (args, why) => {
  const { code, stdout, stderr } = await runCommand(['doctor', database.url, ...args])
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(why)
})

test('doctor: PG* variables do without a URL', async () => {
  const { hostname, port, username, password, pathname } = new URL(database.url)
  const env = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: pathname.slice(1) }
  const { stdout } = await runCommand(['doctor', '--json'], { env })
  expect(JSON.parse(stdout)).toMatchObject({ where: `${hostname}:${port}${pathname}` })
})

/** What there is in the database, and who is connected to it. */
async function look(): Promise<unknown> {
  const { rows } = await admin.query(
    `select (select count(*) from pg_class) as classes, (select count(*) from pg_proc) as procedures,
      (select count(*) from pg_namespace) as schemas, (select count(*) from pg_roles) as roles,
      (select array_agg(pid order by pid) from pg_stat_activity where datname = current_database()) as sessions,
      (select count(*) from pg_locks where locktype = 'advisory' and database = (
        select oid from pg_database where datname = current_database())) as locks`,
  )
  return rows[0]
}
