import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { checkPromises, type Outcome } from '../../dist/cli/demo/show.js'
import { Command, runCommand } from './command.ts'
import { emptyDatabase } from '../support/database.ts'
import { schemas } from './schemas.ts'

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
const database = await emptyDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test('a frozen worker pays twice without the fence and is refused with it', async () => {
  const args = ['demo', '--json', '--invoices', '60']
  const { code, stdout, stderr } = await runCommand(args, { env: { DATABASE_URL: database.url } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('all workers are done') })
  const { fenceOff, fenceOn } = JSON.parse(stdout)
  expect(fenceOff).toMatchObject({ payouts: 60, unpaidInvoices: 0 })
  expect(fenceOff.doublePayouts).toBeGreaterThanOrEqual(1)
  expect(fenceOff.ledgerEntries).toBe(60 + fenceOff.doublePayouts)
  expect(fenceOn).toMatchObject({ payouts: 60, ledgerEntries: 60, doublePayouts: 0, unpaidInvoices: 0 })
  expect(fenceOn.refusedCommits).toBeGreaterThanOrEqual(1)
  for (const { takeoverMs } of [fenceOff, fenceOn]) expect(takeoverMs).toBeLessThan(10_000)
  expect(stderr).toContain('STALE_TOKEN, SQLSTATE LK001')
  expect(await schemas(database)).toEqual([])
})

const KEPT = {
  invoices: 60,
  fenceOff: { fenced: false, doublePayouts: 1, payouts: 60, refusedCommits: 0, unpaidInvoices: 0 },
  fenceOn: { fenced: true, doublePayouts: 0, payouts: 60, refusedCommits: 1, unpaidInvoices: 0 },
} as Outcome

test.each([
  ['a double payout with the fence', { fenceOn: { ...KEPT.fenceOn, doublePayouts: 1 } }],
  ['a missing payout with the fence', { fenceOn: { ...KEPT.fenceOn, payouts: 59 } }],
  ['an unpaid invoice with the fence', { fenceOn: { ...KEPT.fenceOn, unpaidInvoices: 1 } }],
  ['a zombie that was never refused', { fenceOn: { ...KEPT.fenceOn, refusedCommits: 0 } }],
  ['no double payout without the fence', { fenceOff: { ...KEPT.fenceOff, doublePayouts: 0 } }],
])('%s ends the demo with exit code 1', (_, broken) => {
  expect(() => checkPromises(KEPT)).not.toThrow()
  expect(() => checkPromises({ ...KEPT, ...broken })).toThrow(expect.objectContaining({ exitCode: 1 }))
})

test('without DATABASE_URL it starts its own server and shows a table', async () => {
  const { code, stdout, stderr } = await runCommand(['demo', '--invoices', '40', '--workers', '2'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('all workers are done') })
  expect(stdout).toMatch(/double payouts +[1-9] +0\n/)
  expect(stdout).toMatch(/stale commits refused +– +[1-9]\n/)
})

test.each([
  ['SIGINT', { code: 130, signal: null }],
  ['SIGTERM', { code: 143, signal: null }],
] as const)('after %s in the middle of a freeze no process and no schema is left', async (signal, end) => {
  const demo = new Command(['demo'], { env: { DATABASE_URL: database.url } })
  await demo.says('froze')
  demo.kill(signal)
  // The workers share its output: all of them are gone, the stopped one too.
  expect(await demo.closed).toEqual(end)
  expect(await schemas(database)).toEqual([])
})

test('a demo that is killed with SIGKILL in the middle of a freeze leaves no process and no schema', async () => {
  const demo = new Command(['demo'], { env: { DATABASE_URL: database.url } })
  await demo.says('froze')
  expect(await schemas(database)).toEqual([`fencepost_demo_${demo.pid}`])
  demo.kill('SIGKILL')
  expect(await demo.closed).toEqual({ code: null, signal: 'SIGKILL' })
  await expect.poll(() => schemas(database), { timeout: 20_000 }).toEqual([])
})

test('a database that cannot be reached is told in one line', async () => {
  const { code, stderr } = await runCommand(['demo'], { env: { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/app' } })
  expect(code).toBe(69)
  expect(stderr).toMatch(/^fencepost: the database at 127\.0\.0\.1:1\/app cannot be reached/m)
  expect(stderr).not.toContain('hunter2')
})

test('where a package that a command needs is not installed it says what to do', async () => {
  const installation = await mkdtemp(join(tmpdir(), 'fencepost-cli-'))
  try {
    for (const part of ['dist', 'sql', 'package.json']) {
      await cp(join(PACKAGE, part), join(installation, part), { recursive: true })
    }
    await mkdir(join(installation, 'node_modules'))
    for (const module of ['commander', 'croner', 'pg']) {
      const installed = await realpath(join(PACKAGE, '../../node_modules', module))
      await symlink(installed, join(installation, 'node_modules', module), 'dir')
    }
    const binary = join(installation, 'dist/cli/main.js')
    const demo = await runCommand(['demo'], { binary })
    expect(demo.code).toBe(69)
    expect(demo.stderr).toContain('npm install --save-dev @fencepost/dev-postgres, or set DATABASE_URL')
    const lab = await runCommand(['lab', '--quick'], { binary })
    expect(lab.code).toBe(78)
    expect(lab.stderr).toBe('fencepost: the lab is not installed: npm install --save-dev @fencepost/lab\n')
  } finally {
    await rm(installation, { recursive: true })
  }
})
