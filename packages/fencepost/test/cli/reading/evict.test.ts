import { fencepost, StaleTokenError } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, emptyDatabase } from '../../support/database.ts'
import { deferred } from '../../support/deferred.ts'
import { eventually } from '../../support/eventually.ts'
import { Remote } from '../../support/remote.ts'
import { runCommand } from '../command.ts'
import { Terminal, whyNoTerminal } from './terminal.ts'

const ROLE = `fencepost_evict_${process.pid}`
const database = await cloneDatabase()
const env = { DATABASE_URL: database.url }
const fp = fencepost(database.url, { application: 'payouts' })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('without a terminal it says whom it would hit, and does nothing without --yes', async () => {
  const lock = await fp.lock('a')
  const { code, stdout, stderr } = await runCommand(['evict', 'a'], { env })
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toContain('payouts')
  expect(stderr).toContain('refused afterwards (StaleTokenError)')
  expect(stderr).toMatch(/fencepost: nobody can be asked here.* --yes .*\n$/)
  expect(lock.signal.aborted).toBe(false)
  await lock.release()
})

test('a holder that answers lets go of that lock alone', async () => {
  const [lock, other] = [await fp.lock('a'), await fp.lock('b')]
  const { code, stdout } = await runCommand(['evict', 'a', '--yes'], { env })
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      new RegExp(`^"a" was let go of by payouts@.*, which was asked\\. .* under token ${lock.token} any more\\.\n$`),
    ),
  })
  expect(lock.signal.aborted).toBe(true)
  expect(other.signal.aborted).toBe(false)
  await other.release()
})

test('one that is frozen is ended after the grace, and whoever waits is next', async () => {
  await using frozen = await Remote.start(database.url, { application: 'frozen' })
  await frozen.call('lock', 'c')
  const next = fp.lock('c')
  await eventually(async () => (await database.admin.query(`select from fencepost.waiters where name = 'c'`)).rowCount)
  frozen.freeze()
  const { code, stdout, stderr } = await runCommand(['evict', 'c', '--grace', '0s', '--yes', '--json'], { env })
  expect(code).toBe(0)
  expect(stderr).toMatch(/Next in line: payouts@/)
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'terminated', holders: [{ application: 'frozen' }] })
  await (await next).release()
})

test('nobody holds it: nothing to do, which is no failure', async () => {
  const { code, stdout, stderr } = await runCommand(['evict', 'nobody', '--yes'], { env })
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: '',
    stderr: 'nobody holds "nobody": there is nothing to do\n',
  })
})

test('one that did not come through us is named, and ended with everything it holds', async () => {
  const client = new pg.Client(database.url)
  client.on('error', () => {})
  await client.connect()
  const ended = new Promise((resolve) => client.once('end', resolve))
  await client.query(`set application_name = 'psql'; select pg_advisory_lock(fencepost.key('plain'))`)
  const { code, stdout, stderr } = await runCommand(['evict', 'plain', '--grace', '0s', '--yes'], { env })
  expect(stderr).toContain('its backend cannot be asked')
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^"plain" was taken from psql.*: its connection was ended\./),
  })
  await ended
})

async function countHolders(): Promise<number> {
  return (await database.admin.query('select from fencepost.holders')).rowCount ?? 0
}

test('P3, P10: a permit, a tick and a once-key are looked at and taken away by their namespaces', async () => {
  const work = deferred()
  const [permit, schedule, key] = [
    await fp.semaphore('stripe', 1).acquire(),
    await fp.cron('nightly', '0 0 1 1 *', { onError: () => {} }, () => work.promise),
    fp.once('payout:1', () => work.promise).catch(() => {}),
  ]
  await fp.schedules.runNow('nightly')
  const places = [
    ['stripe#1', 'default/semaphore'],
    ['nightly', 'default/cron'],
    ['payout:1', 'default/once'],
  ] as const
  try {
    await eventually(async () => (await countHolders()) >= places.length)
    const listed = await runCommand(['locks'], { env })
    for (const [name, namespace] of places) expect(listed.stdout).toMatch(new RegExp(`^${name} in ${namespace} `, 'm'))
    const there = `note: there is 'stripe#1' --namespace 'default/semaphore'\n`
    expect(await runCommand(['who', 'stripe'], { env })).toMatchObject({ code: 1, stderr: there })
    const missed = await runCommand(['evict', 'stripe#1', '--yes'], { env })
    const nothing = 'nobody holds "stripe#1": there is nothing to do\n'
    expect(missed).toMatchObject({ code: 0, stderr: `${there}${nothing}` })
    for (const [name, namespace] of places) {
      const where = [name, '--namespace', namespace, '--json']
      const who = await runCommand(['who', ...where], { env })
      expect(JSON.parse(who.stdout)).toMatchObject({ name, namespace, held: [{ token: expect.any(Number) }] })
      const { code, stdout } = await runCommand(['evict', ...where, '--yes'], { env })
      expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { outcome: 'released' } })
    }
    expect(permit.signal.aborted).toBe(true)
    await expect(permit.transaction(async (tx) => tx.query('select 1'))).rejects.toThrow(StaleTokenError)
    await eventually(async () => (await fp.schedules.history('nightly'))[0]?.state === 'lost')
    expect(await fp.reconcile()).toMatchObject([{ key: 'payout:1', state: 'uncertain' }])
  } finally {
    work.resolve()
    await Promise.all([permit.release(), schedule.stop(), key])
  }
})

test('without the right, and where our schema is not, it says what is missing', async () => {
  await database.admin.query(`create role ${ROLE} login password 'x'`)
  await using strange = await emptyDatabase()
  const lock = await fp.lock('mine')
  try {
    const refused = await runCommand(['evict', 'mine', '--yes', '--url', database.as(ROLE, 'x')])
    expect(refused).toMatchObject({ code: 78, stdout: '', stderr: expect.stringContaining('grant') })
    await strange.admin.query(`select pg_advisory_lock(-6031331198100562624)`)
    const missing = await runCommand(['evict', 'account:42', '--yes', '--url', strange.url])
    expect(missing).toMatchObject({ code: 78, stdout: '', stderr: expect.stringContaining('is not installed') })
    expect(lock.signal.aborted).toBe(false)
  } finally {
    await lock.release()
    await database.admin.query(`drop role ${ROLE}`)
  }
})

test.skipIf(whyNoTerminal).each([
  ['y', 0, true],
  ['n', 1, false],
])('on a terminal it asks; %s: exit %i', async (answer, code, isLost) => {
  const lock = await fp.lock('asked')
  await using terminal = await Terminal.ofCommand(['evict', 'asked'], { env })
  await terminal.shows('Take "asked" away? [y/N]')
  await terminal.press(answer, 'Enter')
  await terminal.shows(`exit: ${code}`)
  expect(lock.signal.aborted).toBe(isLost)
  await lock.release()
})

test.skipIf(whyNoTerminal)('Ctrl-C at the question does nothing', async () => {
  const lock = await fp.lock('asked')
  await using terminal = await Terminal.ofCommand(['evict', 'asked'], { env })
  await terminal.shows('Take "asked" away? [y/N]')
  await terminal.press('C-c')
  await terminal.shows('exit: 130')
  expect(lock.signal.aborted).toBe(false)
  await lock.release()
})
