import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { LabProcess, runLab } from './lab-process.ts'

const EXAMPLE = fileURLToPath(new URL('../examples/my-lock.mjs', import.meta.url))
const SHUT = `export const name = 'shut'; export const open = () => Promise.reject(new Error('it is shut'))`

test('the lock of a file is a contender like ours', async () => {
  const { code, result, page, stderr } = await runLab([
    '--contender',
    EXAMPLE,
    '--rounds',
    '1',
    '--fault',
    'nothing',
    '--fault',
    'kill:in-write',
    '--fault',
    'terminate',
  ])
  expect(code, stderr).toBe(0)
  expect(result.contenders).toEqual([expect.objectContaining({ name: 'my-lock', isFenced: false })])
  expect(result.cells).toEqual([
    expect.objectContaining({ contender: 'my-lock', fault: 'nothing', rounds: 1, doubleEntries: 0, broken: [] }),
    expect.objectContaining({ contender: 'my-lock', fault: 'kill', rounds: 1, doubleEntries: 0, broken: [] }),
    // As docs/lab.md says: its payout goes with its session.
    ...['after-check', 'before-check'].map((moment) =>
      expect.objectContaining({ contender: 'my-lock', fault: 'terminate', moment, doubleEntries: 0, broken: [] }),
    ),
  ])
  expect(page).toContain('my-lock')
  const [first] = result.rounds ?? []
  expect(first?.again).toBe(
    `npx fencepost lab --contender ${EXAMPLE} --fault nothing:before-check --seed ${first?.seed} --rounds 1`,
  )
})

test('docs/lab.md shows the file that is tried here', () => {
  const page = readFileSync(new URL('../../../docs/lab.md', import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`js\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``)
  expect(readFileSync(EXAMPLE, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(36)
})

test.each([
  ['export const open = () => {}', /exports no name/],
  [`export const name = 'fencepost'; export const open = () => {}`, /which is one of ours/],
  [`export const name = 'my-lock'`, /exports no function open: see docs\/lab\.md/],
  ['export const name = ', /cannot be loaded: /],
  [`${SHUT}; export const servers = ['mysql']`, /asks for servers \["mysql"\]: a list of redis, /],
  [`${SHUT}; export const packages = ['mysql2']`, /asks for package mysql2: the lab installs ioredis, /],
])('%s is refused with what is wanting', async (source, message) => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-yours-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'lock.mjs')
  await writeFile(file, source)
  const lab = new LabProcess(['--contender', file])
  expect(await lab.end()).toBe(64)
  expect(lab.stderr).toMatch(message)
})

test('a lock that cannot be opened is told with its reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-yours-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'lock.mjs')
  await writeFile(file, SHUT)
  const lab = new LabProcess(['--contender', file, '--rounds', '1', '--fault', 'nothing'])
  expect(await lab.end()).toBe(1)
  expect(lab.stderr).toContain('shut cannot be opened: it is shut')
})

test('two locks of one name are refused: their rounds could not be told apart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-yours-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const files = ['one.mjs', 'other.mjs'].map((name) => join(folder, name))
  for (const file of files) await writeFile(file, SHUT)
  const lab = new LabProcess(files.flatMap((file) => ['--contender', file]))
  expect(await lab.end()).toBe(64)
  expect(lab.stderr).toContain('have the same name, "shut"')
})
