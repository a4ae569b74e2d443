import { fencepost, keyOf } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { Remote } from '../../support/remote.ts'
import { untilInLine } from '../../support/waiters.ts'
import { runCommand } from '../command.ts'
import { schemas } from '../schemas.ts'
import { Terminal, whyNoTerminal } from './terminal.ts'

const EVIL = 'evil\u001B[2J\nname'
const NOBODY_LISTENS = 'postgres://someone:hunter2@127.0.0.1:1/app'
const database = await cloneDatabase()
const strange = await emptyDatabase()
const env = { DATABASE_URL: database.url }
const holder = await Remote.start(database.url, { application: 'payouts' })
const waiter = await Remote.start(database.url, { application: 'web' })
const tokens = new Map<string, number>()
for (const name of ['account:42', 'report', EVIL]) tokens.set(name, await holder.call('lock', name))
void waiter.call('lock', 'account:42').catch(() => {})
await untilInLine(database.admin, 'account:42', 1)
await eventually(async () => (await database.admin.query('select from fencepost.holders')).rowCount === 3)
const foreigner = new pg.Client({ connectionString: strange.url, application_name: 'prisma' })
await foreigner.connect()
await foreigner.query('select pg_advisory_lock(72707369)')

afterAll(async () => {
  await foreigner.end()
  await Promise.all([holder.kill(), waiter.kill()])
  await strange[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

test('P10 who tells the holder, its token and its age, and who waits, in their order', async () => {
  const { code, stdout, stderr } = await runCommand(['who', 'account:42'], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [sentence, titles, holds, waits, ...more] = stdout.trimEnd().split('\n')
  expect(sentence).toMatch(/^account:42: held for [\d.]+ m?s, 1 waits$/)
  expect(titles).toMatch(/^ +for +application +host +pid +backend +mode +token +doing$/)
  const token = tokens.get('account:42')
  expect(holds).toMatch(new RegExp(`^holds .* payouts .* ${holder.pid} .* exclusive  ${token}  heard \\d+ ms ago$`))
  expect(waits).toMatch(new RegExp(`^waits 1 .* web .* ${waiter.pid} .*stands in line$`))
  expect(more).toEqual([])
})

test('who --json has the same, with exact names and keys', async () => {
  const { stdout } = await runCommand(['who', 'account:42', '--json'], { env })
  expect(JSON.parse(stdout)).toMatchObject({
    database: database.name,
    name: 'account:42',
    namespace: 'default',
    key: String(keyOf('account:42')),
    held: [{ state: 'held', application: 'payouts', token: tokens.get('account:42'), process: holder.pid }],
    waiting: [{ state: 'waiting', application: 'web', position: 1 }],
    notes: [],
  })
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
})

test('who says that nobody holds it, and so does its exit code', async () => {
  const free = await runCommand(['who', 'nobody'], { env })
  expect(free).toEqual({ code: 1, stdout: 'nobody: nobody holds it, nobody waits\n', stderr: '' })
  const elsewhere = await runCommand(['who', 'account:42', '--namespace', 'other'], { env })
  expect(elsewhere.code).toBe(1)
})

test('who lists the first of a crowd and counts the others, unless all are asked for', async () => {
  await using fp = fencepost(database.url)
  await using crowd = fencepost(database.url)
  const lock = await fp.lock('hot')
  const waiting = Array.from({ length: 25 }, () => crowd.lock('hot').then((granted) => granted.release()))
  await untilInLine(database.admin, 'hot', 25)
  const [some, all] = [await runCommand(['who', 'hot'], { env }), await runCommand(['who', 'hot', '--all'], { env })]
  expect(some.stdout).toMatch(/, 25 wait\n[^]*waits 20 [^\n]*\n… and 5 more wait: --all lists them\n$/)
  expect(all.stdout).toMatch(/\nwaits 25 [^\n]*\n$/)
  await lock.release()
  await Promise.all(waiting)
})

test.each([
  [['who']],
  [['who', 'a', '--key', '1']],
  [['who', '--key', 'x']],
  [['who', '']],
  [['locks', '--held', '5']],
])('what cannot be meant is a usage error, and nothing is asked: %j', async (args) => {
  const { code, stdout, stderr } = await runCommand(args, { env: { DATABASE_URL: NOBODY_LISTENS } })
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(/^fencepost: .*\n$/)
})

test('locks lists them; what would steer a terminal is shown, and JSON has it as it is', async () => {
  const { code, stdout } = await runCommand(['locks'], { env })
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^lock +for +holder +host +pid +backend +mode +token +waiting +longest$/)
  expect(lines).toHaveLength(4)
  expect(stdout).toContain(String.raw`evil\x1b[2J\nname`)
  expect(stdout).not.toContain('\u001B')
  expect(lines.find((line) => line.startsWith('account:42'))).toMatch(/ 1 +[\d.]+ m?s$/)
  const { locks } = JSON.parse((await runCommand(['locks', '--json'], { env })).stdout)
  expect(locks.map(({ name }: { name: string }) => name).toSorted()).toEqual(['account:42', EVIL, 'report'])
})

test.each([
  [['account:*'], ['account:42']],
  [['--waited'], ['account:42']],
  [
    ['*o*', '--application', 'payouts'],
    ['account:42', 'report'],
  ],
  [['--held', '1h'], []],
  [['--foreign'], []],
  [['r.port'], []],
])('locks %j shows %j', async (args, names) => {
  const { stdout, stderr } = await runCommand(['locks', ...args, '--json'], { env })
  expect(stderr).toBe('')
  const { locks } = JSON.parse(stdout)
  expect(locks.map(({ name }: { name: string }) => name).toSorted()).toEqual(names)
})

test('waits draws who waits for whom, the root on top', async () => {
  const { code, stdout } = await runCommand(['waits'], { env })
  expect(code).toBe(0)
  const [root, below, ...more] = stdout.trimEnd().split('\n')
  expect(root).toMatch(/^● payouts@.*, pid \d+, backend \d+; blocks 1: holds lock "account:42"; heard \d+ ms ago$/)
  expect(below).toMatch(/^└─ web@.*; waits [\d.]+ m?s for lock "account:42" \(exclusive, place 1\)$/)
  expect(more).toEqual([])
  const graph = JSON.parse((await runCommand(['waits', '--json'], { env })).stdout)
  expect(graph.nodes.map(({ id }: { id: string }) => id)).toContain(graph.roots[0])
  expect(graph.rings).toEqual([])
})

test('a database that has never seen us is read too, said so on stderr, and left as it was', async () => {
  const elsewhere = { env: { DATABASE_URL: strange.url } }
  const locks = await runCommand(['locks'], elsewhere)
  expect(locks.stdout).toMatch(/^Prisma Migrate \(key 72707369\) .* prisma .*$/m)
  expect(locks.stderr).toMatch(/^note: schema "fencepost" is not in this database: .*\n$/)
  const who = await runCommand(['who', '--key', '72707369'], elsewhere)
  expect(who).toMatchObject({ code: 0, stdout: expect.stringMatching(/^holds .* prisma .* idle .*pg_advisory_lock/m) })
  const waits = await runCommand(['waits'], elsewhere)
  expect(waits).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('nobody waits for anybody') })
  expect((await runCommand(['history'], elsewhere)).code).toBe(78)
  expect(await schemas(strange)).toEqual([])
})

test('a lock of ours by name, taken in plain SQL where only its key is known', async () => {
  await foreigner.query('select pg_advisory_lock($1)', [String(keyOf('account:1'))])
  const { code, stdout } = await runCommand(['who', 'account:1'], { env: { DATABASE_URL: strange.url } })
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^account:1: held, nobody waits\n/) })
})

test.each([['who', 'a'], ['locks'], ['waits'], ['history'], ['evict', 'a', '--yes']])(
  '%s: a server that cannot be reached is told in one line, without the password',
  async (...args) => {
    const { code, stdout, stderr } = await runCommand(args.filter(Boolean), { env: { DATABASE_URL: NOBODY_LISTENS } })
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(/^fencepost: the database at 127\.0\.0\.1:1\/app cannot be reached: .*\n$/)
  },
)

test.skipIf(whyNoTerminal)('a table fits the terminal, and is coloured there unless NO_COLOR says not to', async () => {
  const lines = (await paintedLocks({ NO_COLOR: '1' })).split('\n')
  expect(lines.findIndex((line) => line.startsWith('exit: 0'))).toBe(4)
  expect(lines.join('')).not.toContain('\u001B')
  expect(await paintedLocks({})).toContain('\u001B[1mlock')
})

test('history is switched on by name, read, and switched off', async () => {
  expect((await history('noted')).stderr).toContain('nothing is written down of "noted"')
  expect((await history('noted', '--record', '--keep', '1d')).stdout).toBe(
    'what becomes of "noted" is written down from now on\n',
  )
  const fp = fencepost(database.url, { application: 'short' })
  const token = await fp.lock('noted', async (lock) => lock.token)
  await fp.close()
  const shown = await history('noted')
  expect(shown.stdout).toMatch(new RegExp(`^ *\\d+  .* noted  released  ${token}  short .*$`, 'm'))
  const { entries } = JSON.parse((await history('noted', '--json')).stdout)
  expect(entries).toMatchObject([{ name: 'noted', state: 'released', token, application: 'short', cause: null }])
  expect((await history('noted', '--stop', '--forget')).code).toBe(64)
  expect((await history('noted', '--stop', '--forget', '--yes')).code).toBe(0)
  expect(JSON.parse((await history('--json')).stdout)).toEqual({ entries: [] })
  for (const wrong of [
    ['--record', '--stop'],
    ['--keep', '1d'],
    ['--limit', '0'],
  ])
    expect((await history(...wrong)).code).toBe(64)
})

async function history(...args: string[]) {
  return await runCommand(['history', ...args], { env })
}

async function paintedLocks(more: Readonly<Record<string, string>>): Promise<string> {
  await using terminal = await Terminal.ofCommand(['locks'], { env: { ...env, ...more }, width: 60 })
  await terminal.shows('exit: 0')
  return await terminal.painted()
}
