import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { emptyDatabase } from '../support/database.ts'
import { PGBOUNCER, startPgBouncer } from '../support/pgbouncer.ts'
import { diagnose } from './diagnose.ts'

const database = await emptyDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.skipIf(PGBOUNCER === undefined)(
  'FAULTS 10: a leaking pooler is proved, its leaked lock is named, no setting of ours is left there, and to connect directly mends it',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'transaction')
    const leaking = new pg.Client(`${bouncer.url}?application_name=leaker`)
    await leaking.connect()
    await leaking.query('select pg_advisory_lock(72707369)')
    await leaking.end()
    const { code, of } = await diagnose(bouncer.url, '--older-than', '0s')
    expect(code).toBe(1)
    expect(of('pooler')).toMatchObject([
      { level: 'danger', what: expect.stringContaining('proved'), mend: expect.stringContaining('own host and port') },
    ])
    const client = new pg.Client(bouncer.url)
    await client.connect()
    for (const setting of ['statement_timeout', 'lock_timeout', 'idle_session_timeout', 'search_path'])
      expect(
        (await client.query(`select setting = reset_val as is from pg_settings where name = '${setting}'`)).rows,
      ).toEqual([{ is: true }])
    await client.end()

    // It came to us by the pool, and went back with all it holds.
    const direct = await diagnose(database.url, '--older-than', '0s')
    expect(direct.of('pooler')).toMatchObject([{ level: 'fine' }])
    expect(direct.of('stuck-locks')).toMatchObject([{ what: expect.stringMatching(/Prisma Migrate \(key 72707369\)/) }])
  },
)

test.skipIf(PGBOUNCER === undefined)(
  'FAULTS 10: a pool in session mode is told from one in transaction mode',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'session')
    const { of } = await diagnose(bouncer.url)
    expect(of('pooler')).toMatchObject([{ level: 'fine', what: expect.stringContaining('session mode') }])
    expect(of('url-hints')).toEqual([])
  },
)

test.skipIf(PGBOUNCER === undefined)(
  'a pool in statement mode, behind which nothing can be looked at, is told all the same',
  async () => {
    await using bouncer = await startPgBouncer(database.url, 'transaction', 'pool_mode = statement')
    const { code, verdicts } = await diagnose(bouncer.url)
    expect(code).toBe(1)
    expect(verdicts).toMatchObject([
      { hazard: 'pooler', level: 'danger' },
      { hazard: 'pooler', level: 'unseen' },
    ])
  },
)

test.skipIf(PGBOUNCER === undefined)('what the URL says of a pooler is weighed against what is proved', async () => {
  await using bouncer = await startPgBouncer(database.url, 'transaction')
  const leaking = await diagnose(`${bouncer.url}?pgbouncer=true`)
  expect(leaking.of('url-hints')).toMatchObject([{ level: 'fine', what: expect.stringContaining('there is one') }])
  const direct = await diagnose(`${database.url}?pgbouncer=true`)
  expect(direct.of('url-hints')).toMatchObject([{ level: 'note', what: expect.stringContaining('the server’s own') }])
})
