import { readdirSync } from 'node:fs'
import { fencepost, schemaState } from 'fencepost'
import { expect, test } from 'vitest'
import { emptyDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'

const steps = readdirSync(new URL('../../sql/migrations/', import.meta.url))
  .toSorted()
  .map((file) => ({ version: Number.parseInt(file, 10), name: file.replace(/^\d+_|\.sql$/g, '') }))
const newest = steps.length

test('20 processes that start at once install the schema once, and each gets its lock', async () => {
  await using database = await emptyDatabase()
  const remotes = await Promise.all(Array.from({ length: 20 }, () => Remote.start(database.url)))
  const tokens = await Promise.all(remotes.map((remote, i) => remote.call('lock', `name ${i}`)))
  await Promise.all(remotes.map((remote) => remote.kill()))
  expect(tokens.every((token) => typeof token === 'number')).toBe(true)
  expect((await database.admin.query('select version, name from fencepost.migrations order by 1')).rows).toEqual(steps)
  expect((await database.admin.query('select from fencepost.installations')).rowCount).toBe(1)
})

test('migrating is idempotent and says what it did', async () => {
  await using database = await emptyDatabase()
  await using fp = fencepost(database.url)
  expect(await fp.migrate()).toEqual({
    schema: 'fencepost',
    from: 0,
    to: newest,
    applied: steps.map(({ name }) => name),
  })
  expect(await fp.migrate()).toEqual({ schema: 'fencepost', from: newest, to: newest, applied: [] })
})

test("with migrate: 'off' a missing schema is a SchemaOutdatedError that names the command, and nothing is created", async () => {
  await using database = await emptyDatabase()
  await using fp = fencepost(database.url, { migrate: 'off' })
  await expect(fp.lock('a')).rejects.toMatchObject({
    code: 'SCHEMA_OUTDATED',
    message: expect.stringContaining('npx fencepost migrate'),
  })
  expect((await database.admin.query(`select to_regnamespace('fencepost') as schema`)).rows).toEqual([{ schema: null }])
})

test("with migrate: 'off' an older schema is a SchemaOutdatedError too; an up-to-date one works", async () => {
  await using database = await emptyDatabase()
  await using auto = fencepost(database.url, { schema: 'other' })
  await auto.migrate()
  await using off = fencepost(database.url, { migrate: 'off', schema: 'other' })
  await (await off.lock('a')).release()
  await database.admin.query('delete from other.migrations')
  await using older = fencepost(database.url, { migrate: 'off', schema: 'other' })
  await expect(older.lock('a')).rejects.toMatchObject({
    code: 'SCHEMA_OUTDATED',
    message: expect.stringContaining('npx fencepost migrate --schema other'),
  })
})

test('a schema newer than the library understands is refused, unless its steps say that older ones can live with them', async () => {
  await using database = await emptyDatabase()
  await using fp = fencepost(database.url)
  await fp.migrate()
  await database.admin.query(
    `insert into fencepost.migrations (version, name, breaking) values ($1, 'harmless', false)`,
    [newest + 1],
  )
  await using old = fencepost(database.url)
  await (await old.lock('a')).release()
  await database.admin.query(`insert into fencepost.migrations (version, name) values ($1, 'unknown')`, [newest + 2])
  for (const migrate of ['auto', 'off'] as const) {
    await using refused = fencepost(database.url, { migrate })
    await expect(refused.lock('a')).rejects.toMatchObject({
      code: 'SCHEMA_TOO_NEW',
      message: expect.stringMatching(new RegExp(`version ${newest + 2}.*understands ${newest}`)),
    })
  }
  await expect(fp.migrate()).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW' })
})

test("a newer library's functions are left alone; an older text is brought up to date", async () => {
  await using database = await emptyDatabase()
  await using fp = fencepost(database.url)
  await fp.migrate()
  const installations = async () => (await database.admin.query('select from fencepost.installations')).rowCount
  await database.admin.query(`insert into fencepost.installations (library, functions) values ('99.0.0', 'newer')`)
  await fp.migrate()
  expect(await installations()).toBe(2)
  await database.admin.query(`insert into fencepost.installations (library, functions) values ('0.0.1', 'older')`)
  await database.admin.query('drop function fencepost.unlock')
  await fp.migrate()
  expect(await installations()).toBe(4)
  await database.admin.query(`select fencepost.unlock('a')`)
})

test('a schema of another name is whole, leaves "fencepost" alone and shares the keys', async () => {
  await using database = await emptyDatabase()
  await using fp = fencepost(database.url, { schema: 'order' })
  await using lock = await fp.lock('a')
  await lock.transaction(async () => {})
  expect((await database.admin.query(`select to_regnamespace('fencepost') as schema`)).rows).toEqual([{ schema: null }])
  await using other = fencepost(database.url)
  expect(await other.tryLock('a')).toBeNull()
})

test('a role that may not create is told which SQL it needs, and works once that has been run', async () => {
  await using database = await emptyDatabase()
  await database.admin.query(`create role poor login password 'x'`)
  try {
    await using fp = fencepost(database.as('poor', 'x'))
    const refused = await fp.lock('a').catch((error: { sql: string }) => error)
    expect(refused).toMatchObject({
      code: 'MISSING_PRIVILEGE',
      sql: `grant create on database "${database.name}" to "poor";`,
    })
    await database.admin.query((refused as { sql: string }).sql)
    await (await fp.lock('a')).release()
  } finally {
    await database.admin.query('drop owned by poor cascade; drop role poor')
  }
})

test('a role that may not use the schema is told which SQL it needs, and works once that has been run', async () => {
  await using database = await emptyDatabase()
  await using owner = fencepost(database.url)
  await owner.migrate()
  await database.admin.query(`create role guest login password 'x'`)
  try {
    await using fp = fencepost(database.as('guest', 'x'))
    const refused = await fp.lock('a').catch((error: { sql: string }) => error)
    expect(refused).toMatchObject({
      code: 'MISSING_PRIVILEGE',
      sql: expect.stringContaining('grant usage on schema "fencepost" to "guest"'),
    })
    await database.admin.query((refused as { sql: string }).sql)
    await fp.lock('a', (lock) => lock.transaction(async () => {}))
  } finally {
    await database.admin.query('drop owned by guest cascade; drop role guest')
  }
})

test('how a schema stands to this library is told without changing it', async () => {
  await using database = await emptyDatabase()
  const { admin } = database
  const state = () => schemaState(admin, 'app')
  expect(await state()).toEqual({ state: 'absent', version: 0, needed: newest })
  await using fp = fencepost(database.url, { schema: 'app' })
  await fp.migrate()
  expect(await state()).toEqual({ state: 'current', version: newest, needed: newest })
  await admin.query(`insert into app.installations (library, functions) values ('0.0.1', 'older')`)
  expect(await state()).toMatchObject({ state: 'outdated' })
  await admin.query(`insert into app.installations (library, functions) values ('999.0.0', 'newer')`)
  expect(await state()).toMatchObject({ state: 'newer' })
  await admin.query(`insert into app.migrations (version, name, breaking) values (9999, 'harmless', false)`)
  expect(await state()).toMatchObject({ state: 'newer', version: 9999 })
  await admin.query(`update app.migrations set breaking = true where version = 9999`)
  expect(await state()).toMatchObject({ state: 'too new' })
  await expect(schemaState(admin, 'Not This')).rejects.toThrow(TypeError)
})
