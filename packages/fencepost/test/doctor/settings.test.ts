import { afterAll, expect, test } from 'vitest'
import { emptyDatabase } from '../support/database.ts'
import { apply, diagnose } from './diagnose.ts'

const ROLE = `Fencepost doctor ${process.pid}`
const database = await emptyDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const BAD = {
  idle_session_timeout: ['5s', 'warning'],
  lock_timeout: ['900ms', 'warning'],
  statement_timeout: ['30s', 'note'],
  idle_in_transaction_session_timeout: ['1min', 'note'],
  default_transaction_isolation: ['serializable', 'warning'],
  default_transaction_read_only: ['on', 'warning'],
  session_replication_role: ['replica', 'danger'],
} as const

test('FAULTS 12: each setting of a role that hurts is told with the statement that takes it back', async () => {
  await admin.query(`create role "${ROLE}"`)
  try {
    for (const [name, [value]] of Object.entries(BAD))
      await admin.query(`alter role "${ROLE}" set ${name} = '${value}'`)
    await admin
      .query(
        `alter role "${ROLE}" set work_mem = '8MB'; alter role "${ROLE}" set transaction_isolation = 'serializable'`,
      )
      .catch(() => {})
    const told = (await diagnose(database.url)).of('inherited-settings').filter(({ what }) => what.includes(ROLE))
    for (const [name, [value, level]] of Object.entries(BAD)) {
      expect(told).toContainEqual({
        hazard: 'inherited-settings',
        level,
        what: expect.stringContaining(`${name} = ${value} of role ${ROLE}`),
        mend: `alter role "${ROLE}" reset ${name};`,
      })
    }
    expect(told).toHaveLength(Object.keys(BAD).length)
    for (const verdict of told) await apply(admin, verdict)
    const mended = (await diagnose(database.url)).of('inherited-settings')
    expect(mended.filter(({ what }) => what.includes(ROLE))).toEqual([])
  } finally {
    await admin.query(`drop role "${ROLE}"`)
  }
})

test('FAULTS 12: a setting of the database and one in the URL are told apart, a sound one is not told', async () => {
  await admin.query(`alter database ${database.name} set lock_timeout = '2s'; `)
  await admin.query(`alter database ${database.name} set default_transaction_isolation = 'read committed'`)
  const url = `${database.url}?options=${encodeURIComponent('-c statement_timeout=3s')}`
  const told = (await diagnose(url)).of('inherited-settings').filter(({ what }) => !what.includes('of role'))
  expect(told).toMatchObject([
    { level: 'warning', what: expect.stringContaining(`lock_timeout = 2s of database ${database.name}`) },
    {
      level: 'warning',
      what: expect.stringContaining('statement_timeout = 3s of the URL'),
      mend: expect.stringContaining('URL'),
    },
  ])
  for (const verdict of told.slice(0, 1)) await apply(admin, verdict)
  expect(
    (await diagnose(database.url)).of('inherited-settings').filter(({ what }) => what.includes(database.name)),
  ).toEqual([])
})

test('FAULTS 7, P4: what makes the server notice lost and frozen clients is tried, not assumed', async () => {
  expect((await diagnose(database.url)).of('network-limits')).toMatchObject([{ level: 'fine' }])
})
