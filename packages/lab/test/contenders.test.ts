import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runLab } from './lab-process.ts'

const trial = (...names: string[]) => names.flatMap((name) => ['--fault', name])
const of = (...names: string[]) => names.flatMap((name) => ['--contender', name])

/** By contender and trial: how many of its rounds were paid twice. */
function paidTwice({ result }: Awaited<ReturnType<typeof runLab>>) {
  const figures: Record<string, Record<string, number>> = {}
  for (const { contender, fault, moment, doubleRounds } of result.cells) {
    figures[contender] = { ...figures[contender], [`${fault}:${moment}`]: doubleRounds }
  }
  return figures
}

/** Of one that cannot be tried here the reason is said, and nothing is asserted. */
function expected(run: Awaited<ReturnType<typeof runLab>>, all: Record<string, Record<string, unknown>>) {
  const missing = run.result.notTried.filter(({ fault }) => fault === undefined)
  for (const { contender, why } of missing) console.warn(`skipped: ${contender}: ${why}`)
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => !missing.some(({ contender }) => contender === name)),
  )
}

test('P3: frozen after its look, every unfenced lock lets its holder pay a second time, every fenced one is refused', async () => {
  const freeze = 'freeze:after-check'
  const unfenced = [
    'redis-set-nx',
    'redlock-4',
    'redlock-5',
    'redlock-5-expiration',
    'pg-lease-table',
    'zookeeper',
    'etcd',
  ]
  const fenced = ['etcd-transaction', 'fencepost-transaction', 'fencepost']
  const run = await runLab(['--rounds', '1', '--seed', '1', ...trial(freeze), ...of(...unfenced, ...fenced)])
  const wanted = {
    ...Object.fromEntries(unfenced.map((name) => [name, { [freeze]: 1 }])),
    ...Object.fromEntries(fenced.map((name) => [name, { [freeze]: 0 }])),
  }
  expect(paidTwice(run), run.stderr).toEqual(expected(run, wanted))
  expect(run.code, run.stderr).toBe(0)
  // What the terminal has is what the JSON has: one line for each that was paid twice.
  const again = run.result.rounds?.filter(({ entries }) => entries.length > 1).map((round) => round.again) ?? []
  for (const line of again) expect(run.stdout).toContain(`  ${line}\n`)
  for (const name of ['fencepost-transaction', 'fencepost']) {
    expect(run.result.cells).toContainEqual(expect.objectContaining({ contender: name, refused: 1, stalled: 0 }))
  }
})

test('P3: a lost session or a turned clock lets a lock be held twice, and a fence holds', async () => {
  const contenders = of('redlock-5', 'pg-advisory-lock', 'fencepost-transaction', 'fencepost')
  const faults = trial('nothing', 'kill:in-write', 'terminate:after-check', 'clock-3:after-check')
  const run = await runLab(['--rounds', '1', '--seed', '1', ...contenders, ...faults])
  const calm = { 'nothing:before-check': 0, 'kill:in-write': 0 }
  const clock = run.result.notTried.some(({ fault, why }) => fault === 'clock-3' && why.includes('compiler'))
  const wanted = {
    'redlock-5': { ...calm, ...(clock ? {} : { 'clock-3:after-check': 1 }) },
    'pg-advisory-lock': { ...calm, 'terminate:after-check': 1 },
    'fencepost-transaction': { ...calm, 'terminate:after-check': 0 },
    fencepost: { ...calm, 'terminate:after-check': 0 },
  }
  expect(paidTwice(run), run.stderr).toEqual(expected(run, wanted))
  expect(run.result.cells.every(({ broken, disputed }) => broken.length === 0 && disputed === 0)).toBe(true)
})

test('P3: a crash, a fail-over and a partition fence out who held the lock before', async () => {
  const faults = trial('server-crash:after-check', 'promotion:after-check', 'partition:after-check')
  const run = await runLab(['--rounds', '1', '--seed', '1', ...of('fencepost'), ...faults])
  expect(paidTwice(run), run.stderr).toEqual({
    fencepost: { 'server-crash:after-check': 0, 'promotion:after-check': 0, 'partition:after-check': 0 },
  })
  for (const cell of run.result.cells) expect(cell).toMatchObject({ refused: 1, stalled: 0 })
})

test('a holder of ZooKeeper’s that was cut off sees it when it asks the server, though its client has not noticed', async () => {
  const run = await runLab(['--rounds', '1', '--seed', '1', ...of('zookeeper'), ...trial('partition:before-check')])
  expect(paidTwice(run), run.stderr).toEqual(expected(run, { zookeeper: { 'partition:before-check': 0 } }))
})

test('a token of another lock is paid twice if read before it is admitted, and once if read after', async () => {
  const run = await runLab([
    '--rounds',
    '1',
    '--seed',
    '1',
    ...of('etcd-token', 'etcd-token-read'),
    ...trial('freeze:in-write'),
  ])
  const wanted = { 'etcd-token': { 'freeze:in-write': 1 }, 'etcd-token-read': { 'freeze:in-write': 0 } }
  expect(paidTwice(run), run.stderr).toEqual(expected(run, wanted))
})

test('a server that is not installed is named, with how to install it, and trying nothing is no success', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const program of ['sh', 'rm']) await symlink(`/bin/${program}`, join(folder, program))
  const run = await runLab(of('redis-set-nx', 'etcd', 'zookeeper'), { PATH: folder })
  expect(run.code).toBe(1)
  for (const [contender, program, name] of [
    ['redis-set-nx', 'redis-server', 'Redis'],
    ['etcd', 'etcd-server', 'etcd'],
    ['zookeeper', 'zookeeper', 'ZooKeeper'],
  ]) {
    const why = `${contender}: ${name} is not installed (Debian: apt-get install ${program})`
    for (const text of [run.stdout, run.stderr, run.page]) expect(text).toContain(why)
  }
})

test('a round can be played again by its seed, and its history is in the JSON', async () => {
  const { result, stdout } = await runLab(['--rounds', '1', '--seed', '77', ...of('fencepost'), ...trial('nothing')])
  expect(result.rounds).toEqual([
    expect.objectContaining({ contender: 'fencepost', fault: 'nothing', seed: 77, entries: ['A'], lostUpdates: 0 }),
  ])
  expect(result.rounds?.[0]?.events.map(({ who, what }) => `${who} ${what}`)).toEqual(
    expect.arrayContaining(['A granted', 'lab struck', 'B asked', 'lab woken', 'A written', 'B settled']),
  )
  expect(stdout).toMatch(/^fencepost +0\/1$/m)
})
