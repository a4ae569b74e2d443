import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { defineJob, fencepost } from 'fencepost'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { PYTHON } from '../support/other-languages.ts'
import { PSQL } from '../support/psql.ts'
import { SqlWorker } from './sql-worker.ts'

const EXAMPLES = new URL('../../../../examples/', import.meta.url)
const database = await cloneDatabase()
const fp = fencepost(database.url)
const resize = defineJob<{ width: number; seconds?: number }>({ name: 'resize', queue: 'python', keep: '1h' })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

async function psql(script: string): Promise<string> {
  const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', database.url, ...script.split('\n')]
  return (await promisify(execFile)(PSQL ?? '', args)).stdout.trim()
}

/** The worker of the examples, killed at the end. */
function pythonWorker(): ChildProcess & AsyncDisposable {
  const env = { ...process.env, DATABASE_URL: database.url }
  const child = spawn(PYTHON?.[0] ?? '', [new URL('worker.py', EXAMPLES).pathname], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return Object.assign(child, {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  })
}

test.skipIf(PSQL === undefined)('a worker in psql commits the effect of a job together with its end', async () => {
  const script = `-f\n${new URL('worker.sql', EXAMPLES).pathname}`
  // Nothing is due.
  expect(await psql(script)).toContain('t')
  await psql(`-c\nselect fencepost.enqueue('report', '{"day": "2026-01-01"}', queue => 'reports')`)
  await psql(script)
  expect((await database.admin.query('select day::text, jobs from reports')).rows).toEqual([
    { day: '2026-01-01', jobs: '1' },
  ])
  expect(await fp.jobs.list({ queue: 'reports' })).toEqual([])
  expect((await database.admin.query('select from fencepost.workers')).rowCount).toBe(0)
})

test.skipIf(PYTHON === undefined)(
  'a worker in Python runs jobs of TypeScript, keeps their results, and tries again what fails',
  async () => {
    await using _ = pythonWorker()
    const { id } = await fp.enqueue(resize, { width: 100 })
    await eventually(async () => (await fp.jobs.get(id))?.state === 'done')
    expect(await fp.jobs.get(id)).toMatchObject({ attempt: 1, result: { width: 50 } })
    const bad = await fp.enqueue(resize, { width: 'wide' } as never)
    await eventually(async () => (await fp.jobs.get(bad.id))?.state === 'delayed')
    expect(await fp.jobs.get(bad.id)).toMatchObject({ attempt: 1, error: expect.stringContaining('TypeError') })
    await fp.jobs.cancel(bad.id)
    // Asleep by now, and woken.
    const more = await fp.enqueueMany(resize, [{ width: 2 }, { width: 4 }])
    for (const one of more) await eventually(async () => (await fp.jobs.get(one.id))?.state === 'done')
  },
)

test.skipIf(PYTHON === undefined)(
  'a job of a Python worker that is killed is run by somebody else, with a larger token',
  async () => {
    await using python = pythonWorker()
    const { id } = await fp.enqueue(resize, { width: 8, seconds: 600 })
    await eventually(async () => (await fp.jobs.get(id))?.state === 'running')
    const before = await fp.jobs.get(id)
    expect(before?.holder).toMatchObject({ application: 'worker.py', process: python.pid })
    await using other = await SqlWorker.open(database.url, 'python')
    expect(await other.claim()).toEqual([])
    await python[Symbol.asyncDispose]()
    const [job] = await eventually(async () => {
      const claimed = await other.claim()
      return claimed.length > 0 ? claimed : null
    })
    expect(job).toMatchObject({ id, attempt: 2 })
    expect(job?.token).toBeGreaterThan(before?.token ?? 0)
    expect(await fp.jobs.get(id)).toMatchObject({ crashes: 1, error: expect.stringContaining('worker.py') })
  },
)
