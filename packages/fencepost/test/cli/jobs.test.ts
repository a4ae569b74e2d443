import { defineJob, fencepost } from 'fencepost'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { SqlWorker } from '../jobs/sql-worker.ts'
import { cloneDatabase } from '../support/database.ts'
import { runCommand } from './command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const send = defineJob<{ to: string }>({ name: 'send', queue: 'mail', retry: { attempts: 1 } })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await database.admin.query('truncate fencepost.jobs, fencepost.finished_jobs, fencepost.queues, fencepost.job_logs')
})

const jobs = (...args: string[]) => runCommand(['jobs', ...args], { env: { DATABASE_URL: database.url } })
const json = async (...args: string[]) => JSON.parse((await jobs(...args, '--json')).stdout)

async function killOne(to: string): Promise<number> {
  const { id } = await fp.enqueue(send, { to })
  await using worker = await SqlWorker.open(database.url, 'mail')
  const [job] = await worker.claim(1)
  if (job === undefined) throw new Error('it was not claimed')
  await worker.fail(job, 'out of\npaper\u001B[2J')
  return id
}

test('jobs counts by queue, name and state; without jobs it says so', async () => {
  expect(await jobs()).toMatchObject({ code: 0, stdout: 'no jobs\n' })
  await killOne('a@example')
  await fp.enqueue(send, { to: 'b@example' })
  const { code, stdout, stderr } = await jobs()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^queue +job +state +jobs +oldest\n/)
  expect(stdout).toMatch(/^mail +send +dead +1 +\d/m)
  expect(await json('counts')).toMatchObject([
    { queue: 'mail', name: 'send', jobs: 1 },
    { queue: 'mail', name: 'send', jobs: 1 },
  ])
  expect(await json()).toHaveLength(2)
})

test('jobs list, show and logs tell of each, and nothing of theirs steers the terminal', async () => {
  const dead = await killOne('a@example')
  const { id } = await fp.enqueue(send, { to: 'b@example' }, { delay: '1h' })
  await database.admin.query('insert into fencepost.job_logs (job, attempt, line) values ($1, 1, $2)', [
    dead,
    'one\u001B[2J',
  ])
  const listed = await jobs('list')
  expect(listed.stdout).toMatch(new RegExp(`^ *${id} +mail +send +delayed +in 59m \\d\\ds +0 of 1`, 'm'))
  expect(listed.stdout).toMatch(
    new RegExp(`^ *${dead} +mail +send +dead .* 1 of 1 .*out of\\\\npaper\\\\x1b\\[2J`, 'm'),
  )
  expect(await json('list', '--state', 'dead', '--queue', 'mail', '--name', 'send')).toMatchObject([
    { id: dead, error: 'out of\npaper\u001B[2J' },
  ])
  const paged = await jobs('list', '--limit', '1')
  expect(paged.stderr).toBe(`the next ones: --before ${id}\n`)
  expect(await json('list', '--limit', '1', '--before', String(id))).toMatchObject([{ id: dead }])

  const shown = await jobs('show', String(dead))
  expect(shown.stdout).toMatch(/^state +dead, for /m)
  expect(shown.stdout).toMatch(/^payload +\{"to":"a@example"\}$/m)
  expect(await json('show', String(dead))).toMatchObject({ id: dead, state: 'dead', payload: { to: 'a@example' } })
  expect((await jobs('logs', String(dead))).stdout).toMatch(/^20\S+Z {2}attempt 1 {2}one\\x1b\[2J\n$/)
  expect(await json('logs', String(dead))).toMatchObject([{ attempt: 1, line: 'one\u001B[2J' }])
  expect(await jobs('show', '4711')).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no job 4711') })
})

test('jobs retry and redrive have dead jobs begin anew; redrive asks first', async () => {
  const [first, second, third] = [await killOne('a'), await killOne('b'), await killOne('c')]
  const retried = await jobs('retry', String(first), '4711')
  expect(retried.code).toBe(1)
  expect(retried.stdout).toMatch(new RegExp(`^job ${first} runs now\njob 4711 was left as it is: .*\n$`))
  expect(await fp.jobs.get(first)).toMatchObject({ state: 'ready', attempt: 0 })
  expect(await jobs('redrive')).toMatchObject({ code: 64, stderr: expect.stringContaining('--yes') })
  expect(await fp.jobs.get(second)).toMatchObject({ state: 'dead' })
  expect(await json('redrive', '--queue', 'other', '--yes')).toEqual({ redriven: 0 })
  expect(await jobs('redrive', '--queue', 'mail', '--limit', '1', '--yes')).toMatchObject({
    code: 0,
    stdout: '1 job begins anew\n',
  })
  expect(await json('redrive', '--name', 'send', '--yes')).toEqual({ redriven: 1 })
  expect(await fp.jobs.get(third)).toMatchObject({ state: 'ready' })
})

test('jobs cancel says whom it hits, asks, and tells what it did', async () => {
  const [{ id: running }, { id: ready }] = [await fp.enqueue(send, { to: 'a' }), await fp.enqueue(send, { to: 'b' })]
  await using worker = await SqlWorker.open(database.url, 'mail')
  const [job] = await worker.claim(1)
  expect(await jobs('cancel', String(ready))).toMatchObject({ code: 64, stdout: '' })
  expect(await fp.jobs.get(ready)).toMatchObject({ state: 'ready' })
  expect(await jobs('cancel', String(ready), '4711', '--yes')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no job 4711'),
  })
  expect(await fp.jobs.get(ready)).toMatchObject({ state: 'ready' })
  const cancelled = await jobs('cancel', String(running), String(ready), '--yes')
  expect(cancelled).toMatchObject({ code: 0, stdout: `job ${running} is cancelled\njob ${ready} is cancelled\n` })
  expect(cancelled.stderr).toContain(
    `job ${running} (send of queue mail, running), by sql-worker@somewhere, pid 7: it is told`,
  )
  if (job === undefined) throw new Error('it was not claimed')
  expect(await worker.complete(job)).toBe(false)
  expect(await json('cancel', String(ready), '--yes')).toEqual([{ id: ready, done: false }])
})

test('jobs pause and resume a queue of a namespace', async () => {
  await using other = fencepost(database.url, { namespace: 'tenant' })
  await other.enqueue(send, { to: 'a' })
  await using worker = await SqlWorker.open(database.url, 'tenant:mail')
  expect(await jobs('pause', 'mail', '--namespace', 'tenant')).toMatchObject({
    code: 0,
    stdout: 'queue "mail" is paused; what runs goes on\n',
  })
  expect(await json('pause', 'mail', '--namespace', 'tenant')).toEqual({ queue: 'mail', paused: true, changed: false })
  expect(await worker.claim()).toEqual([])
  expect(await jobs('resume', 'mail')).toMatchObject({ stdout: 'queue "mail" was not paused\n' })
  expect(await jobs('resume', 'mail', '--namespace', 'tenant')).toMatchObject({ stdout: 'queue "mail" goes on\n' })
  expect(await worker.claim()).toHaveLength(1)
})

test('where the schema is missing it is not installed, and a wrong argument is a usage error', async () => {
  expect(await jobs('--schema', 'elsewhere')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('npx fencepost migrate --schema elsewhere'),
  })
  for (const args of [
    ['show', 'x'],
    ['list', '--state', 'lost'],
    ['list', '--limit', '0'],
    ['list', '--limit', '10001'],
    ['nonsense'],
    ['pause', 'a:b'],
  ])
    expect(await jobs(...args)).toMatchObject({ code: 64, stdout: '' })
})
