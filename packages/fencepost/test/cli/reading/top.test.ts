import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { onServer } from '../../support/on-server.ts'
import { untilInLine } from '../../support/waiters.ts'
import { runCommand } from '../command.ts'
import { childrenOf, Terminal, whyNoTerminal } from './terminal.ts'

const database = await cloneDatabase()
const env = { DATABASE_URL: database.url }
const holder = fencepost(database.url, { application: 'payouts' })
const waiter = fencepost(database.url, { application: 'web' })
afterAll(async () => {
  await waiter.close()
  await holder.close()
  await database[Symbol.asyncDispose]()
})

test('off a terminal it says what tells the same', async () => {
  const { code, stderr } = await runCommand(['top'], { env })
  expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining('locks --json') })
})

test.skipIf(whyNoTerminal)('three views, live; q leaves the terminal as it was', async () => {
  const lock = await holder.lock('account:42')
  const next = waiter.lock('account:42')
  await untilInLine(database.admin, 'account:42', 1)
  await using terminal = await Terminal.ofCommand(['top', '--every', '200ms'], { env })
  await terminal.shows(/› account:42 .*payouts/)
  expect(await terminal.isAlternate()).toBe(true)
  await terminal.press('2')
  await terminal.shows(/› account:42 +1 .* web/)
  await terminal.press('3')
  await terminal.shows(/› ● payouts@.*holds lock "account:42"/)
  await terminal.press('1')
  await lock.release()
  await terminal.shows(/› account:42 .* web/)
  await (await next).release()
  await terminal.shows('0 held, 0 waiting')
  await terminal.press('q')
  const screen = await terminal.shows('exit: 0')
  expect(screen).not.toContain('held')
  expect(await terminal.isAlternate()).toBe(false)
})

test.skipIf(whyNoTerminal)('arrow keys select, k asks, and only y takes the lock away', async () => {
  const locks = [await holder.lock('a'), await holder.lock('b'), await holder.lock('c')]
  await using terminal = await Terminal.ofCommand(['top', '--every', '200ms'], { env })
  await terminal.shows(/› a /)
  await terminal.press('Down')
  await terminal.shows(/› b /)
  await terminal.press('k')
  await terminal.shows('take "b" from payouts@')
  await terminal.press('n')
  await terminal.shows('nothing was done')
  await terminal.press('Down', 'Up', 'k', 'y')
  await terminal.shows('"b" was let go of by payouts@')
  expect(locks.map(({ signal }) => signal.aborted)).toEqual([false, true, false])
  await terminal.press('C-c')
  await terminal.shows('exit: 130')
  for (const lock of locks) await lock.release()
})

test.skipIf(whyNoTerminal)('space holds the picture still, a resize draws it anew', async () => {
  const lock = await holder.lock('still')
  await using terminal = await Terminal.ofCommand(['top', '--every', '200ms'], { env, width: 120 })
  await terminal.shows(/› still/)
  await terminal.press('Space')
  await terminal.shows('paused')
  await lock.release()
  // It goes on looking, and shows none of it.
  const looks = await queriesOf('fencepost top')
  await eventually(async () => (await queriesOf('fencepost top')) > looks)
  expect(await terminal.screen()).toContain('› still')
  await terminal.resize(40, 10)
  await eventually(async () => {
    const lines = (await terminal.screen()).split('\n')
    return lines.every((line) => line.length <= 40) && lines.some((line) => line.startsWith('› still'))
  })
  await terminal.press('Space')
  await terminal.shows('0 held')
})

test.skipIf(whyNoTerminal)('a lost database is said, what was seen stays, and it goes on when it is back', async () => {
  await using own = await cloneDatabase()
  await using fp = fencepost(own.url, { application: 'elsewhere' })
  await fp.lock('kept')
  await using terminal = await Terminal.ofCommand(['top', '--every', '200ms'], { env: { DATABASE_URL: own.url } })
  await terminal.shows(/› kept/)
  await onServer(database.url, `alter database ${own.name} allow_connections false`)
  await onServer(database.url, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${own.name}'`)
  const screen = await terminal.shows(/the database is lost for .*, trying again/)
  expect(screen).toContain('› kept')
  await onServer(database.url, `alter database ${own.name} allow_connections true`)
  await terminal.shows(/held, \d+ waiting/)
})

test.skipIf(whyNoTerminal).each(['SIGTERM', 'SIGHUP'] as const)('%s leaves the terminal as it was', async (signal) => {
  await using terminal = await Terminal.ofCommand(['top'], { env })
  await terminal.shows('1 held')
  const [pid] = await childrenOf(await terminal.pid())
  process.kill(pid ?? 0, signal)
  await terminal.shows(`exit: ${signal === 'SIGTERM' ? 143 : 129}`)
  expect(await terminal.isAlternate()).toBe(false)
  await terminal.type('typed')
  await terminal.shows('typed')
})

async function queriesOf(application: string): Promise<string> {
  const text = 'select query_start::text as at from pg_stat_activity where application_name = $1'
  const { rows } = await database.admin.query<{ at: string }>(text, [application])
  return rows[0]?.at ?? ''
}
