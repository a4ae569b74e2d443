import { defineJob, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { SqlWorker } from '../jobs/sql-worker.ts'
import { Remote } from '../support/remote.ts'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { diagnose } from './diagnose.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const send = defineJob<number>({ name: 'send', queue: 'mail', retry: { attempts: 1 } })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test('P9: a queue that does not move is told with the reason, until a worker works on it', async () => {
  await fp.enqueue(send, 1)
  expect((await diagnose(database.url)).of('waiting-jobs')).toMatchObject([{ level: 'fine' }])
  const told = async () => (await diagnose(database.url, '--older-than', '0s')).of('waiting-jobs')
  expect(await told()).toMatchObject([
    { level: 'danger', what: expect.stringContaining('no worker works on that queue') },
  ])
  await using worker = await SqlWorker.open(database.url, 'mail')
  expect(await told()).toMatchObject([{ level: 'warning', what: expect.stringContaining('with 1 worker on it') }])

  await fp.jobs.pause('mail')
  const [paused] = (await diagnose(database.url)).of('paused-queues')
  expect(paused).toMatchObject({
    level: 'note',
    what: expect.stringContaining('queue "mail" is paused for'),
    mend: 'npx fencepost jobs resume mail',
  })
  expect(await told()).toMatchObject([{ level: 'warning', what: expect.stringContaining('the queue is paused') }])
  await fp.jobs.resume('mail')

  const [job] = await worker.claim(1)
  if (job === undefined) throw new Error('it was not claimed')
  await worker.fail(job, 'out of paper')
  expect(await told()).toMatchObject([{ level: 'fine' }])
  expect((await diagnose(database.url)).of('dead-jobs')).toMatchObject([
    {
      level: 'warning',
      what: expect.stringMatching(/^1 job of queue "mail" is dead, the oldest for .*: send$/),
      mend: expect.stringContaining('jobs redrive --queue mail'),
    },
  ])
})

test('a run whose process was killed leaves its once-key uncertain, and that is told', async () => {
  await using remote = await Remote.start(database.url)
  await database.admin.query('create table effects (key text, idempotency_key text, attempt integer, process integer)')
  const waiting = remote.call('onceUntilFinished', 'payout:42').catch(() => {})
  await eventually(async () => (await database.admin.query('select from effects')).rowCount)
  expect((await diagnose(database.url)).of('uncertain-once')).toMatchObject([{ level: 'fine' }])
  await remote.kill()
  await waiting
  expect((await diagnose(database.url)).of('uncertain-once')).toMatchObject([
    { level: 'warning', what: expect.stringMatching(/^1 once-key is uncertain, the oldest, "payout:42"/) },
  ])
})

test('P4: a frozen holder of ours is told by the name of its lock, a worker that sleeps is not told', async () => {
  await using sleeper = await SqlWorker.open(database.url, 'nothing')
  await using frozen = await Remote.start(database.url, { application: 'payouts', freezeTimeout: '1h' })
  await frozen.call('lock', 'account:42')
  const { admin } = database
  await eventually(async () => (await admin.query(`select from fencepost.holders where name = 'account:42'`)).rowCount)
  frozen.freeze()
  const idle = `select from pg_stat_activity where application_name = 'payouts fencepost' and clock_timestamp() - state_change > interval '2 s'`
  await eventually(async () => (await admin.query(idle)).rowCount)
  const told = (await diagnose(database.url, '--older-than', '2s')).of('stuck-locks')
  expect(sleeper.session).not.toBe('')
  expect(told).toMatchObject([
    { level: 'warning', what: expect.stringMatching(/payouts fencepost.* holds the advisory lock "account:42"$/) },
  ])
  await admin.query(told[0]?.mend ?? '')
  frozen.thaw()
  expect((await diagnose(database.url, '--older-than', '2s')).of('stuck-locks')).toMatchObject([{ level: 'fine' }])
})
