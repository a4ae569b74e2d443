import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { runCommand } from './command.ts'
import { emptyDatabase } from '../support/database.ts'
import { schemas } from './schemas.ts'

const NOBODY_LISTENS = 'postgres://someone:hunter2@127.0.0.1:1/app'
// Roles belong to the whole server.
const ROLE = `fencepost_cli_${process.pid}`
const database = await emptyDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('the first migrate installs the schema, the second finds it up to date', async () => {
  const env = { DATABASE_URL: database.url }
  const first = await runCommand(['migrate', '--schema', 'twice'], { env })
  expect(first).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^schema "twice": version 0 → \d+ \(locks.*\)\n$/),
  })
  const second = await runCommand(['migrate', '--schema', 'twice'], { env })
  expect(second).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^schema "twice" is up to date at version \d+\n$/),
  })
  expect(await schemas(database)).toContain('twice')
})

test('--json prints the report, --url wins over DATABASE_URL', async () => {
  const args = ['migrate', '--json', '--schema', 'json', '--url', database.url]
  const { code, stdout } = await runCommand(args, { env: { DATABASE_URL: NOBODY_LISTENS } })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'json', from: 0, applied: expect.arrayContaining(['locks']) })
})

test('PG* variables do without a URL', async () => {
  const { hostname, port, username, password, pathname } = new URL(database.url)
  const env = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: pathname.slice(1) }
  expect(await runCommand(['migrate', '--schema', 'variables'], { env })).toMatchObject({ code: 0 })
  expect(await schemas(database)).toContain('variables')
})

test('without a database it says how to name one', async () => {
  const { code, stdout, stderr } = await runCommand(['migrate'])
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(/^fencepost: no database is named; set DATABASE_URL .*\n$/)
})

test.each([
  ['a name that cannot be a schema', ['migrate', '--schema', 'Not This', '--url', NOBODY_LISTENS]],
  ['a URL of something else', ['migrate', '--url', 'https://example.com']],
])('%s is a usage error in one line', async (_, args) => {
  const { code, stderr } = await runCommand(args)
  expect(code).toBe(64)
  expect(stderr).toMatch(/^fencepost: .*\n$/)
})

test('a server that cannot be reached is told in one line, without the password', async () => {
  const { code, stdout, stderr } = await runCommand(['migrate', '--url', NOBODY_LISTENS])
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
  expect(stderr).toMatch(/^fencepost: the database at 127\.0\.0\.1:1\/app cannot be reached: .*\n$/)
})

test.each(['migrate', 'demo', 'doctor'])(
  '%s shows no password that makes the URL mean something else',
  async (command) => {
    const DATABASE_URL = 'postgres://me:12/hunter2@127.0.0.1:1/app'
    const { code, stderr } = await runCommand([command], { env: { DATABASE_URL } })
    expect({ code, shown: stderr.includes('hunter2') }).toEqual({ code: 64, shown: false })
    expect(stderr).toContain('percent-encode its user and password')
  },
)

test('a pool whose connection string is no URL is refused without a word of it', async () => {
  expect(() => fencepost(new pg.Pool({ connectionString: 'host=127.0.0.1 password=hunter2' }))).toThrow(
    'the database URL cannot be parsed; percent-encode its user and password',
  )
})

test('no password is shown with FENCEPOST_DEBUG either, but the stack is', async () => {
  const { stderr } = await runCommand(['migrate'], { env: { DATABASE_URL: NOBODY_LISTENS, FENCEPOST_DEBUG: '1' } })
  expect(stderr).toContain('    at ')
  expect(stderr).not.toContain('hunter2')
})

test('a refused login counts as unreachable, a missing privilege as unusable', async () => {
  await database.admin.query(`create role ${ROLE} login password 'hunter2'`)
  try {
    const url = new URL(database.url)
    url.username = ROLE
    url.password = 'hunter2'
    const unusable = await runCommand(['migrate', '--schema', 'forbidden', '--url', url.href])
    expect(unusable).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('grant create on database'),
    })
    url.username = `${ROLE}_nobody`
    const refused = await runCommand(['migrate', '--url', url.href])
    expect(refused).toMatchObject({ code: 69, stdout: '' })
    expect(unusable.stderr + refused.stderr).not.toContain('hunter2')
  } finally {
    await database.admin.query(`drop role ${ROLE}`)
  }
})

test('--roles makes roles named after the schema, --prefix others; a prefix that cannot be is a usage error', async () => {
  const schema = `${ROLE}_s`
  const migrate = (...more: string[]) => runCommand(['migrate', '--schema', schema, '--url', database.url, ...more])
  const roles = [schema, ROLE].flatMap((prefix) => ['inspect', 'use', 'admin'].map((role) => `${prefix}_${role}`))
  try {
    expect((await migrate('--roles')).stdout).toContain(`roles to grant: ${roles.slice(0, 3).join(', ')}\n`)
    const again = await migrate('--prefix', ROLE, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ applied: [], roles: roles.slice(3) })
    expect(await migrate('--prefix', 'Not This')).toMatchObject({ code: 64, stderr: expect.stringContaining('prefix') })
  } finally {
    await database.admin.query(roles.map((role) => `drop owned by ${role} cascade; drop role ${role}`).join(';'))
  }
})
