import { fencepost, type OnceUncertainError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { createEffects, effectsOf, stateOf } from './effects.ts'

const database = await cloneDatabase()
await createEffects(database.admin)
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be run')
}
const untilTaken = async (key: string) =>
  await eventually(async () => (await effectsOf(database.admin, key)).length > 0)

test('once: a run whose process was killed is uncertain, and is run again only by who says so, with the same idempotency key', async () => {
  await using killed = await Remote.start(database.url, { application: 'killed' })
  await using fp = fencepost(database.url)
  void killed.call('onceUntilFinished', 'kill').catch(() => {})
  await untilTaken('kill')
  const waiting = fp.once('kill', never).catch((error: OnceUncertainError) => error)
  await killed.kill()
  const uncertain = await waiting
  const [effect] = await effectsOf(database.admin, 'kill')
  expect(uncertain).toMatchObject({
    code: 'ONCE_UNCERTAIN',
    message: expect.stringMatching(
      /^whether once-key "kill" was done is not known: killed on .* began attempt 1 at 2.*fp\.reconcile/,
    ),
    record: {
      state: 'uncertain',
      idempotencyKey: effect?.idempotency_key,
      runner: { process: killed.pid },
      startedAt: expect.any(Date),
    },
  })
  // Again and again, with and without a transaction.
  for (const options of [{}, { wait: '0s' }, { onFailed: 'retry' }] as const) {
    await expect(fp.once('kill', options, never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  }
  await expect(fp.once('kill', { transaction: true }, never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })

  await using other = await Remote.start(database.url)
  await other.call('once', 'kill', { onUncertain: 'retry' })
  expect(await fp.once('kill', never)).toEqual({ process: other.pid, attempt: 2 })
  expect(await effectsOf(database.admin, 'kill')).toEqual([effect, { ...effect, attempt: 2 }])
})

test('once: a run that is frozen past freezeTimeout is uncertain, and stays so when it wakes and is done', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  const late = frozen.call('onceUntilFinished', 'freeze').catch((error: { code: string }) => error)
  await untilTaken('freeze')
  frozen.freeze()
  await expect(fp.once('freeze', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  frozen.thaw()
  await frozen.call('finish', 'freeze')
  expect(await late).toMatchObject({ code: 'ONCE_UNCERTAIN', cause: 'STALE_TOKEN' })
  expect(await stateOf(database.admin, 'freeze')).toBe('uncertain')
  await expect(frozen.call('once', 'freeze')).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  expect(await effectsOf(database.admin, 'freeze')).toHaveLength(1)
})

test('once: a frozen run that wakes after its key was run again does not replace what was recorded', async () => {
  await using frozen = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  const late = frozen.call('onceUntilFinished', 'replaced').catch((error: { code: string }) => error)
  await untilTaken('replaced')
  frozen.freeze()
  expect(await fp.once('replaced', { onUncertain: 'retry' }, ({ attempt }) => attempt)).toBe(2)
  frozen.thaw()
  await frozen.call('finish', 'replaced')
  expect(await late).toMatchObject({ code: 'ONCE_UNCERTAIN' })
  expect(await fp.once('replaced', never)).toBe(2)
})

test('once: a run that has lost its lock cannot record its outcome, also if nobody has come since, and tells its caller what was returned', async () => {
  await using fp = fencepost(database.url)
  const lost = await fp
    .once('lost', async ({ signal }) => {
      await database.admin.query(
        `select pg_terminate_backend(backend, 5000) from fencepost.who('lost', 'default/once')`,
      )
      await eventually(async () => signal.aborted)
      return 'it was done'
    })
    .catch((error: OnceUncertainError) => error)
  expect(lost).toMatchObject({
    code: 'ONCE_UNCERTAIN',
    cause: { code: 'STALE_TOKEN' },
    returned: { value: 'it was done' },
  })
  expect(await stateOf(database.admin, 'lost')).toBe('running')
  expect((await fp.reconcile()).map(({ key }) => key)).toContain('lost')
  await expect(fp.once('lost', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  expect(await stateOf(database.admin, 'lost')).toBe('uncertain')
})

test('once: what a run throws that has lost its lock goes to its caller, and the next is told that it is uncertain', async () => {
  await using fp = fencepost(database.url)
  const thrown = fp.once('thrown', async () => {
    await database.admin.query(
      `select pg_terminate_backend(backend, 5000) from fencepost.who('thrown', 'default/once')`,
    )
    throw new RangeError('its own')
  })
  await expect(thrown).rejects.toThrow(RangeError)
  await expect(fp.once('thrown', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
})

test('once: a run whose fencepost is closed is told by its signal, and is uncertain', async () => {
  const fp = fencepost(database.url)
  const closed = fp.once('closed', async ({ signal }) => {
    await fp.close()
    return signal.aborted
  })
  await expect(closed).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN', returned: { value: true } })
  await using next = fencepost(database.url)
  await expect(next.once('closed', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
})

// Commits of the last moment would be lost with the server if they were not asked to be on disk.
test('once: kill -9 of the server in the middle leaves the run uncertain, and after it the outcome stands', async () => {
  await using server = await ownServer({ synchronous_commit: 'off', wal_writer_delay: '10s' })
  let runs = 0
  {
    await using fp = fencepost(server.url)
    expect(await fp.once('before', () => ++runs)).toBe(1)
    const crashed = fp.once('crash', async () => {
      runs++
      await server.restart('crash')
    })
    await expect(crashed).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  }
  await using fp = fencepost(server.url)
  expect(await fp.once('before', never)).toBe(1)
  await expect(fp.once('crash', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
  expect(runs).toBe(2)
  await server.restart('fast')
  await using last = fencepost(server.url)
  expect(await last.once('before', never)).toBe(1)
  await expect(last.once('crash', never)).rejects.toMatchObject({ code: 'ONCE_UNCERTAIN' })
})
