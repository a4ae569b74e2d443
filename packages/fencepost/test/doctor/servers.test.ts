import type { PostgresServer } from '@fencepost/dev-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { runCommand } from '../cli/command.ts'
import { ServerWithClock, whyNoClock } from '../support/clock.ts'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Pair } from '../support/pair.ts'
import { diagnose } from './diagnose.ts'

describe('on a small server', () => {
  let server: PostgresServer
  let admin: pg.Client
  const connect = async () => {
    const client = new pg.Client(server.url)
    client.on('error', () => {}) // the server is restarted
    await client.connect()
    return client
  }
  beforeAll(async () => {
    server = await ownServer({
      max_connections: '12',
      superuser_reserved_connections: '2',
    })
    admin = await connect()
    await admin.query('alter system set max_locks_per_transaction = 50')
    await server.restart('fast')
    admin = await connect()
  })
  afterAll(async () => {
    await admin.end()
    await server.stop()
  })

  test('FAULTS 13: a lock table that fills up is told with who fills it, and ending that one mends', async () => {
    const filler = new pg.Client({ connectionString: server.url, application_name: 'filler' })
    filler.on('error', () => {})
    await filler.connect()
    await filler.query('select pg_advisory_lock(key) from generate_series(1, 400) as key')
    const [told] = (await diagnose(server.url)).of('lock-table')
    expect(told).toMatchObject({
      level: 'warning',
      what: expect.stringMatching(/^4\d\d of the 600 locks .* 4\d\d of them by backend \d+ \(filler, /),
      mend: expect.stringMatching(
        /^alter system set max_locks_per_transaction = 128; -- then restart .*pg_terminate_backend/,
      ),
    })
    await filler.query('select pg_advisory_lock(key) from generate_series(401, 700) as key')
    expect((await diagnose(server.url)).of('lock-table')).toMatchObject([{ level: 'danger' }])

    await expect(
      filler.query('select pg_advisory_lock(key) from generate_series(701, 100000) as key'),
    ).rejects.toMatchObject({ code: '53200' })
    const full = await runCommand(['doctor', server.url])
    expect(full).toMatchObject({ code: 69, stdout: '' })
    expect(full.stderr).toContain('the lock table is full, so that not even a login has room')

    await filler.end()
    await admin.query('alter system set max_locks_per_transaction = 128')
    await server.restart('fast')
    admin = await connect()
    expect((await diagnose(server.url)).of('lock-table')).toMatchObject([
      { level: 'fine', what: expect.stringContaining('1,536') },
    ])
  })

  test('connections that run out are told with who idles, and a larger limit mends; the tightest limit counts', async () => {
    const idlers = Array.from(
      { length: 7 },
      () => new pg.Client({ connectionString: server.url, application_name: 'idler' }),
    )
    for (const idler of idlers) await idler.connect()
    expect((await diagnose(server.url)).of('connections')).toMatchObject([
      {
        level: 'warning',
        what: expect.stringMatching(
          /^9 of the 10 connections of the server are taken; 7 of program "idler" do nothing/,
        ),
        mend: 'start the server with -c max_connections=24',
      },
    ])
    await admin.query('alter role postgres connection limit 9')
    const [tight] = (await diagnose(server.url)).of('connections')
    expect(tight).toMatchObject({ level: 'danger', mend: 'alter role "postgres" connection limit 18;' })
    await admin.query(tight?.mend ?? '')
    await admin.query('alter role postgres connection limit -1')
    await Promise.all(idlers.map((idler) => idler.end()))
    await eventually(
      async () => (await admin.query(`select from pg_stat_activity where application_name = 'idler'`)).rowCount === 0,
    )
    expect((await diagnose(server.url)).of('connections')).toMatchObject([{ level: 'fine' }])
  })
})

// The least a queue can be made before 17 is 8 GB.
test('a queue of NOTIFY that a listener keeps is told, and ending its transaction mends', async ({ skip }) => {
  await using server = await ownServer({ max_notify_queue_pages: '64' }).catch(() => ownServer())
  skip(server.major < 17, `PostgreSQL ${server.major} has no queue of NOTIFY small enough to fill`)
  const [listener, teller] = [new pg.Client(server.url), new pg.Client(server.url)]
  listener.on('error', () => {})
  await Promise.all([listener.connect(), teller.connect()])
  await listener.query('listen news')
  await listener.query('begin; select 1')
  const notify = `select pg_notify('news', repeat('x', 7000) || n) from generate_series(1, 20) as n`
  await teller.query(notify)
  const [told] = (await diagnose(server.url)).of('notify-queue')
  expect(told).toMatchObject({ level: 'warning', mend: expect.stringMatching(/^select pg_terminate_backend\(\d+\);$/) })
  await teller.query(told?.mend ?? '')
  await teller.query(notify)
  await eventually(async () => (await diagnose(server.url)).of('notify-queue')[0]?.level === 'fine')
  await Promise.all([listener.end(), teller.end()].map((end) => end.catch(() => {})))
})

test('FAULTS 11, FAULTS 5: a standby is refused, what a fail-over may lose is told, and a synchronous standby mends that', async () => {
  await using pair = await Pair.start({ binaries: inject('server').binaries })
  const on = await diagnose(pair.standby.url)
  expect(on.code).toBe(1)
  expect(on.of('standby')).toMatchObject([
    { level: 'danger', mend: expect.stringContaining(`127.0.0.1:${pair.primary.port}`) },
  ])
  expect(on.of('fail-over')).toEqual([])

  const [told] = (await diagnose(pair.primary.url)).of('fail-over')
  expect(told).toMatchObject({ level: 'note', what: expect.stringContaining('all standbys are asynchronous') })
  const admin = new pg.Client(pair.primary.url)
  await admin.connect()
  for (const statement of (told?.mend ?? '').split('; ')) await admin.query(statement)
  await eventually(
    async () => (await admin.query(`select from pg_stat_replication where sync_state = 'sync'`)).rowCount,
  )
  expect((await diagnose(pair.primary.url)).of('fail-over')).toMatchObject([{ level: 'fine' }])
  await pair.standby.stop()
  await eventually(async () => (await admin.query(`select from pg_stat_replication`)).rowCount === 0)
  const [alone] = (await diagnose(pair.primary.url)).of('fail-over')
  expect(alone).toMatchObject({ level: 'danger', what: expect.stringContaining('every commit waits') })
  for (const statement of (alone?.mend ?? '').replace(/^.*or: /, '').split('; ')) await admin.query(statement)
  await admin.query('create table it_commits ()')
  await admin.end()
})

test.skipIf(whyNoClock !== undefined)(
  'FAULTS 9: a clock of the server that is wrong is told, and setting it mends',
  async () => {
    await using clock = await ServerWithClock.start((options) => ownServer({}, undefined, options))
    await clock.turn(-3600)
    await eventually(async () => (await diagnose(clock.server.url)).of('clock')[0]?.level === 'warning')
    expect((await diagnose(clock.server.url)).of('clock')).toMatchObject([
      { what: expect.stringMatching(/is (1h 00m|59m \d\ds) behind the one here/) },
    ])
    await clock.turn(0)
    await eventually(async () => (await diagnose(clock.server.url)).of('clock')[0]?.level === 'fine')
  },
)
