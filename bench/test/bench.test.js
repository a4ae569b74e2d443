import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const MAIN = join(import.meta.dirname, '..', 'main.js')

/** @param {string[]} args */
function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('a run of all writes one report of all suites, and a page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')]
  const works = ['lock-1', 'guard', 'enqueue-500'].flatMap((work) => ['--work', work])
  const subjects = ['fencepost', 'raw pg', 'plain', 'raw'].flatMap((subject) => ['--subject', subject])

  const { status, stderr } = run(
    'all',
    '--quick',
    '--rounds',
    '1',
    ...works,
    ...subjects,
    '--json',
    json,
    '--html',
    html,
  )

  expect(status, stderr).toBe(0)
  const { chapters, ...about } = JSON.parse(readFileSync(json, 'utf8'))
  expect(about).toMatchObject({
    machine: expect.stringContaining('cores'),
    versions: expect.arrayContaining([
      `Node ${process.versions.node}`,
      expect.stringMatching(/^fencepost \d/),
      expect.stringMatching(/^pg \d/),
      'redlock 5.0.0-beta.2',
    ]),
    settings: { kind: 'brief', rounds: 1, seconds: null },
  })
  const measured = chapters.map((/** @type {any} */ { suite, servers, figures }) => ({
    suite,
    servers,
    figures: figures.map((/** @type {any} */ { work, subject }) => `${work} ${subject}`),
  }))
  const servers = [expect.stringMatching(/^PostgreSQL \d.* \(fsync and full_page_writes on/)]
  expect(measured).toEqual([
    { suite: 'locks', servers, figures: ['lock-1 fencepost', 'lock-1 raw pg'] },
    { suite: 'fence', servers, figures: ['guard fencepost', 'guard plain'] },
    { suite: 'queue', servers, figures: ['enqueue-500 fencepost', 'enqueue-500 raw'] },
  ])
  const notes = chapters.flatMap((/** @type {any} */ chapter) => chapter.notes)
  for (const subject of ['fencepost', 'raw pg', 'plain', 'raw'])
    expect(notes).toContainEqual(expect.stringMatching(new RegExp(`^settings of ${subject}: `)))
  const page = readFileSync(html, 'utf8')
  for (const word of ['settings of raw pg', 'locks', 'fence', 'queue', 'raw pg', '(&gt;= 0.75 x wanted)'])
    expect(page).toContain(word)
  expect(page).not.toMatch(/<script|src=|@import|url\(/)
})

test('--help names every work', () => {
  const { status, stdout } = run('--help')
  expect(status).toBe(0)
  for (const work of [
    'locks',
    'lock-1',
    'lock-200',
    'handover',
    'waiters',
    'takeover',
    'horizon',
    'fence',
    'guard',
    'protect',
    'queue',
    'drain',
    'enqueue-10',
    'enqueue-500',
    'latency',
    'rescue',
    '"graphile-worker batch"',
  ])
    expect(stdout).toContain(work)
})

test.each([
  ['nothing to measure', [], /name what to measure: locks fence queue/],
  ['an unknown suite', ['jobs'], /"jobs", only locks, fence, queue/],
  ['a work without its option', ['locks', 'lock-1'], /works are named by --work/],
  ['an unknown work', ['locks', '--work', 'lock-2'], /--work "lock-2": there are lock-1, lock-200/],
  ['a work of another suite', ['fence', '--work', 'lock-1'], /--work "lock-1": there are guard, protect/],
  ['an unknown subject', ['locks', '--subject', 'etcd'], /--subject "etcd": there are fencepost, raw pg/],
  ['an unknown option', ['locks', '--fast'], /Unknown option '--fast'/],
  ['no number', ['locks', '--rounds', '0'], /--rounds must be a whole number/],
  ['a folder that is not there', ['locks', '--json', '/none/figures.json'], /there is no folder/],
])('%s is refused with what there is', (_, args, message) => {
  const { status, stdout, stderr } = run(...args)
  expect(stderr).toMatch(message)
  expect(stdout).toBe('')
  expect(status).toBe(2)
})

test.each([
  ['locks', 'lock-1', 'raw pg', 'pairs/s', />= 0\.75 x/],
  ['fence', 'guard', 'plain', 'tx/s', />= 0\.75 x/],
  ['fence', 'protect', 'plain', 'tx/s', />= 0\.6 x/],
])('a run of %s prints a table and writes the figures of %s', (suite, work, peer, unit, wanted) => {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'figures.json')
  const subjects = ['--subject', 'fencepost', '--subject', peer]

  const { status, stdout, stderr } = run(suite, '--quick', '--rounds', '1', '--work', work, '--json', file, ...subjects)

  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(new RegExp(`^${work} +fencepost`, 'm'))
  expect(stdout).toMatch(new RegExp(`^ +${peer} .* x +${wanted.source} +(yes|no)$`, 'm'))
  const figure = {
    work,
    median: expect.any(Number),
    min: expect.any(Number),
    max: expect.any(Number),
    unit,
  }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([
    { ...figure, subject: 'fencepost' },
    { ...figure, subject: peer },
  ])
})
