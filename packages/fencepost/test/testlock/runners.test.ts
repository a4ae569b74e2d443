import { fencepost, type Holder } from 'fencepost'
import { hostname } from 'node:os'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { KINDS, NODE_TEST, Run, RUNNERS, VITEST } from './runner.ts'

const database = await cloneDatabase()
await database.admin.query('create table inside (id serial); create table done (id serial)')
const outside = fencepost(database.url, { namespace: 'testing' })
afterAll(async () => {
  await outside.close()
  await database[Symbol.asyncDispose]()
})

/** The run that holds the lock, once it is written down by name and instant. */
async function holder(application: string): Promise<Holder> {
  return await eventually(async () => {
    const holders = await outside.who('billing')
    return holders.find((one) => one.application === application && one.acquiredAt !== null)
  })
}

test('P1: test files of all runners run one after the other', async () => {
  const runs = KINDS.map((kind) => Run.start(kind, database.url, 'alone', { every: '200ms' }))
  const codes = await Promise.all(runs.map(({ ended }) => ended))
  expect(codes, runs.map(({ said }) => said).join('\n')).toEqual(KINDS.map(() => 0))
  expect((await database.admin.query('select from done')).rowCount).toBe(KINDS.length)
})

test.each(RUNNERS)('P4: $name that is killed frees it at once; who waits says for whom', async (kind) => {
  await using killed = Run.start(kind, database.url, 'stay')
  const held = await holder(kind.application)
  // node --test keeps what a file says on stderr until its first test is over.
  await using waits = Run.start(kind === NODE_TEST ? VITEST : kind, database.url, 'alone', { every: '100ms' })
  const told = `held by ${kind.application} on ${hostname()} (pid ${held.process}), backend ${held.backend} since ${held.acquiredAt?.toISOString()}`
  // At once, and again.
  await eventually(async () => waits.said.includes(`waiting for test lock "billing", ${told}`))
  await eventually(async () => /waiting for \d+ s for test lock "billing", held by/.test(waits.said))
  process.kill(held.process ?? 0, 'SIGKILL')
  expect(await waits.ended, waits.said).toBe(0)
  expect(killed.said).not.toContain('somebody else is inside')
})

test.each(RUNNERS)('P5: in $name a test fails during which the lock was lost', async (kind) => {
  await using run = Run.start(kind, database.url, 'cut')
  expect(await run.ended, run.said).not.toBe(0)
  expect(run.said).toContain('test lock "billing" was lost: another run may have used the database during this test')
})

test('P4: a long synchronous test keeps it, unless a freezeTimeout is given', async () => {
  await using keeps = Run.start(NODE_TEST, database.url, 'block')
  expect(await keeps.ended, keeps.said).toBe(0)
  await using loses = Run.start(NODE_TEST, database.url, 'block', { freezeTimeout: '1s' })
  expect(await loses.ended, loses.said).not.toBe(0)
  expect(loses.said).toContain('test lock "billing" was lost')
})

test('shared ones run together', async () => {
  const runs = [1, 2].map(() => Run.start(NODE_TEST, database.url, 'stay', { shared: true }))
  await eventually(async () => (await outside.who('billing')).length === 2)
  expect((await outside.who('billing')).map(({ mode }) => mode)).toEqual(['shared', 'shared'])
  for (const run of runs) await run[Symbol.asyncDispose]()
})
