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

test('--help names every work', () => {
  const { status, stdout } = run('--help')
  expect(status).toBe(0)
  for (const work of ['lock-1', 'lock-200', 'handover', 'waiters', 'takeover', 'horizon'])
    expect(stdout).toContain(work)
})

test.each([
  ['nothing to measure', [], /name what to measure: locks/],
  ['an unknown suite', ['jobs'], /"jobs", only locks/],
  ['a work without its option', ['locks', 'lock-1'], /works are named by --work/],
  ['an unknown work', ['locks', '--work', 'lock-2'], /--work "lock-2": there are lock-1, lock-200/],
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

test('a run prints a table and writes its figures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'figures.json')
  const subjects = ['--subject', 'fencepost', '--subject', 'raw pg']

  const { status, stdout, stderr } = run(
    'locks',
    '--quick',
    '--rounds',
    '1',
    '--work',
    'lock-1',
    '--json',
    file,
    ...subjects,
  )

  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(/^lock-1 +fencepost/m)
  expect(stdout).toMatch(/^ +raw pg .* x +>= 0\.75 x +(yes|no)$/m)
  const figure = {
    work: 'lock-1',
    median: expect.any(Number),
    min: expect.any(Number),
    max: expect.any(Number),
    unit: 'pairs/s',
  }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([
    { ...figure, subject: 'fencepost' },
    { ...figure, subject: 'raw pg' },
  ])
})
