import { localInstallations } from '@fencepost/dev-postgres'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Command, runCommand, type Settings } from './command.ts'

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
const ROOT = process.getuid?.() === 0
// One initdb, which writes through to the disk here, for all who do not need their own.
const project = await makeProject()
const started: Command[] = []
// What a test that failed has left.
afterEach(async () => {
  for (const dev of started.splice(0)) {
    if (!dev.hasEnded) dev.kill('SIGINT')
    await dev.closed
  }
})
afterAll(() => rm(project, { recursive: true }))

async function makeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-project-'))
  // As root the server runs as somebody else, who has to pass through.
  await chmod(folder, 0o755)
  await writeFile(join(folder, 'package.json'), '{}')
  await mkdir(join(folder, 'src'))
  return folder
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/** Starts `dev`, and waits until it has printed where the server is. */
async function startDev(args: string[] = [], settings: Settings = {}) {
  const dev = new Command(['dev', '--json', ...args], { cwd: join(project, 'src'), ...settings })
  started.push(dev)
  await eventually(async () => {
    // What it has printed comes before the end of its output, not before its own.
    if (dev.hasEnded) await dev.closed
    if (dev.hasEnded && dev.stdout === '') throw new Error(dev.stderr)
    return dev.stdout.endsWith('\n')
  })
  return {
    dev,
    ...(JSON.parse(dev.stdout) as { url: string; port: number; pid: number; data: string; reused: boolean }),
  }
}

test('dev: a server with its data in the project; Ctrl-C stops it, and the next time it is there under the same URL', async () => {
  const first = await startDev()
  expect(first).toMatchObject({ data: join(await realpath(project), '.fencepost/postgres'), reused: false })
  expect(await readFile(join(project, '.fencepost/.gitignore'), 'utf8')).toBe('*\n')
  await query(first.url, 'create table kept as select 1 as n')
  expect(
    await query(first.url, `select current_setting('fsync') as fsync, current_setting('full_page_writes') as pages`),
  ).toEqual([{ fsync: 'on', pages: 'on' }])
  first.dev.kill('SIGINT')
  expect(await first.dev.closed).toEqual({ code: 0, signal: null })
  expect(existsSync(join(first.data, 'postmaster.pid'))).toBe(false)

  const second = await startDev()
  expect(second.url).toBe(first.url)
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
  second.dev.kill('SIGTERM')
  expect(await second.dev.closed).toEqual({ code: 0, signal: null })
})

test('dev -- runs a program with DATABASE_URL, hands on its exit code, and stops the server afterwards', async () => {
  const script = `process.stdout.write(process.env.DATABASE_URL); process.exit(42)`
  const ran = await runCommand(['dev', '--', process.execPath, '-e', script], { cwd: project })
  expect(ran).toMatchObject({
    code: 42,
    stdout: expect.stringMatching(/^postgres:\/\/postgres:.*@127\.0\.0\.1:\d+\/postgres$/),
  })
  await expect(query(ran.stdout, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('dev -- hands a signal on to the program, and tells by its exit code what ended it; what is not there is told', async () => {
  const script = `console.log('up'); setInterval(() => {}, 1000)`
  const dev = new Command(['dev', '--', process.execPath, '-e', script], { cwd: project })
  await eventually(async () => dev.stdout.includes('up'))
  dev.kill('SIGTERM')
  expect(await dev.closed).toEqual({ code: 143, signal: null })
  expect(existsSync(join(project, '.fencepost/postgres/postmaster.pid'))).toBe(false)
  const missing = await runCommand(['dev', '--', 'no-such-program'], { cwd: project })
  expect(missing).toMatchObject({ code: 127, stderr: expect.stringContaining('no-such-program cannot be run') })
  expect(existsSync(join(project, '.fencepost/postgres/postmaster.pid'))).toBe(false)
})

test('dev: a server that runs already is used and left running; one that was killed with its pid file is started anew', async () => {
  const first = await startDev()
  const second = await startDev()
  expect(second).toMatchObject({ url: first.url, pid: first.pid, reused: true })
  expect(await second.dev.closed).toEqual({ code: 0, signal: null })
  const beside = await runCommand(['dev', '--', process.execPath, '-e', 'process.exit(3)'], { cwd: project })
  expect(beside.code).toBe(3)
  expect(await query(first.url, 'select 1 as n')).toEqual([{ n: 1 }])
  const other = await runCommand(['dev', '--port', String(first.port + 1)], { cwd: project })
  expect(other).toMatchObject({ code: 64, stderr: expect.stringContaining(`served already on port ${first.port}`) })

  process.kill(first.pid, 'SIGKILL')
  expect(await first.dev.closed).toEqual({ code: 69, signal: null })
  expect(first.dev.stderr).toContain('ended by itself')
  expect(existsSync(join(first.data, 'postmaster.pid'))).toBe(true)
  const third = await startDev()
  expect(third).toMatchObject({ url: first.url, reused: false })
  third.dev.kill('SIGINT')
  await third.dev.closed
})

test('dev: two that begin at the same time share one server', async () => {
  const both = await Promise.all([startDev(), startDev()])
  expect(new Set(both.map(({ url }) => url)).size).toBe(1)
  const [owner] = both.filter(({ reused }) => !reused)
  expect(both.filter(({ reused }) => reused)).toHaveLength(1)
  owner?.dev.kill('SIGINT')
  for (const { dev } of both) expect(await dev.closed).toEqual({ code: 0, signal: null })
})

test('dev: where somebody else has the port of the last time another one is taken, and that is said', async () => {
  const first = await startDev()
  first.dev.kill('SIGINT')
  await first.dev.closed
  const thief = createServer().listen(first.port, '127.0.0.1')
  const second = await startDev()
  expect(second.port).not.toBe(first.port)
  expect(second.dev.stderr).toContain(`port ${first.port}, the one of the last time, is taken`)
  second.dev.kill('SIGINT')
  await second.dev.closed
  thief.close()
})

test('dev: a server outlives nobody who started it', async () => {
  const { dev, pid, url } = await startDev()
  dev.kill('SIGKILL')
  await dev.closed
  await eventually(async () => !existsSync(`/proc/${pid}`))
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('dev: a data folder of another major is refused, and says what to do', async ({ skip }) => {
  const other = localInstallations().find(({ major }) => major !== 18)
  skip(other === undefined, 'no PostgreSQL of another major is installed here')
  const first = await startDev(['--binaries', other?.binaries ?? '', '--data', join(project, 'other')])
  first.dev.kill('SIGINT')
  await first.dev.closed
  const refused = await runCommand(['dev', '--data', join(project, 'other')], { cwd: project })
  expect(refused).toMatchObject({ code: 69, stdout: '' })
  expect(refused.stderr).toContain(`belongs to PostgreSQL ${other?.major}`)
  // What is there is left as it was.
  expect((await readFile(join(first.data, 'PG_VERSION'), 'utf8')).trim()).toBe(String(other?.major))
})

test('dev: an ordinary user has a server of its own', async ({ skip }) => {
  skip(!ROOT, 'the other tests show it')
  const nobody = { uid: 65534, gid: 65534 }
  const home = join(project, 'home')
  await mkdir(home)
  await chown(home, nobody.uid, nobody.gid)
  const { dev, url, data } = await startDev(['--data', join(home, 'pgdata')], {
    user: nobody,
    env: { HOME: home },
  })
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
  expect((await stat(data)).uid).toBe(nobody.uid)
  dev.kill('SIGINT')
  expect(await dev.closed).toEqual({ code: 0, signal: null })
})

test('dev: where the server package is not installed it says what to do', async () => {
  const installation = join(project, 'installation')
  for (const part of ['dist', 'package.json'])
    await cp(join(PACKAGE, part), join(installation, part), { recursive: true })
  await mkdir(join(installation, 'node_modules'))
  for (const module of ['commander', 'pg']) {
    await symlink(
      await realpath(join(PACKAGE, '../../node_modules', module)),
      join(installation, 'node_modules', module),
      'dir',
    )
  }
  const { code, stderr } = await runCommand(['dev'], { cwd: project, binary: join(installation, 'dist/cli/main.js') })
  expect(code).toBe(69)
  expect(stderr).toContain('npm install --save-dev @fencepost/dev-postgres')
})
