import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { runCommand } from './command.ts'

const database = await cloneDatabase()
const { admin } = database
await admin.query(
  'create schema shop; create table shop."Order lines" (account_id integer); create table ledger (account_id integer); create table plain (id integer)',
)
afterAll(() => database[Symbol.asyncDispose]())

const RULE = 'account:{account_id}'
const protect = (...args: string[]) => runCommand(['protect', ...args], { env: { DATABASE_URL: database.url } })
const write = () =>
  admin.query('insert into ledger values (1)').then(
    () => 'passed',
    ({ code }: { code: string }) => code,
  )

test('protect puts the guard on a table, lists it, and takes it off only when told to', async () => {
  expect(await protect('--list')).toMatchObject({ code: 0, stdout: 'no table is protected\n' })
  const on = await protect('ledger', RULE)
  expect(on).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^public\.ledger: writes .* "account:\{account_id\}" are refused/),
  })
  expect(await write()).toBe('LK005')
  await protect('shop."Order lines"', 'orders:{account_id}', '--namespace', 'shop')
  const list = await protect('--list')
  expect(list.stdout).toMatch(/^public\.ledger +account:\{account_id\} +default +are refused +–$/m)
  expect(list.stdout).toMatch(/^shop\."Order lines" +orders:\{account_id\} +shop +are refused/m)
  expect(JSON.parse((await protect('--list', '--json')).stdout)).toMatchObject([
    { table: 'public.ledger', lockName: RULE, mode: 'refuse', namespace: 'default', unprotected: [], truncatable: [] },
    { table: 'shop."Order lines"', namespace: 'shop' },
  ])
  expect(await protect('ledger', '--off')).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') })
  expect(await protect('ledger', 'other:{account_id}')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--yes'),
  })
  expect(await write()).toBe('LK005')
  expect(await protect('ledger', '--off', '--yes')).toMatchObject({
    code: 0,
    stdout: 'public.ledger can be written without a lock again\n',
  })
  expect(await write()).toBe('passed')
  expect(await protect('ledger', '--off')).toMatchObject({ code: 0, stdout: 'public.ledger was not protected\n' })
})

test('protect --report records what would be refused, and --violations lists it', async () => {
  expect(await protect('--violations')).toMatchObject({ stdout: 'nothing was written without a live token\n' })
  expect(await protect('ledger', RULE, '--report')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('are recorded and pass'),
  })
  expect(await write()).toBe('passed')
  expect((await protect('--violations')).stdout).toMatch(/public\.ledger +INSERT +account:1 +– +postgres/)
  await using fp = fencepost(database.url)
  expect(await fp.protectedTables()).toMatchObject([
    { table: 'public.ledger', mode: 'report' },
    { table: 'shop."Order lines"' },
  ])
  // To refuse takes nothing away.
  expect(await protect('ledger', RULE)).toMatchObject({ code: 0 })
  expect(await protect('ledger', RULE, '--report')).toMatchObject({ code: 64 })
  await admin.query('create table late () inherits (ledger)')
  expect((await protect('--list')).stdout).toMatch(/public\.late can be written/)
})

test('protect does not make everybody wait behind it for a table that is in use', async () => {
  const user = new pg.Client(database.url)
  await user.connect()
  await user.query('begin; lock table shop."Order lines"')
  const busy = await protect('shop."Order lines"', '--off', '--yes', '--wait', '100ms')
  expect(busy).toMatchObject({
    code: 75,
    stderr: expect.stringMatching(/is in use: it was not to be had within 100ms/),
  })
  await user.end()
})

test.each([
  [['nothing_there', RULE], /relation "nothing_there" does not exist/],
  [['plain', 'account:{no_such}'], /no column "no_such"/],
  [['plain', 'account:{id'], /no name of a lock with columns/],
  [['ledger'], /give the name of a row/],
  [[], /name a table, or --list/],
  [['ledger', RULE, '--off'], /--off takes a table/],
  [['ledger', '--list'], /take no table/],
  [['ledger', RULE, '--wait', '5'], /--wait must be a duration/],
])('protect %j is a usage error', async (args, why) => {
  const { code, stdout, stderr } = await protect(...args)
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(why)
})
