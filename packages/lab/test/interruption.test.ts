import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { LabProcess } from './lab-process.ts'

const FROZEN = ['--contender', 'fencepost', '--contender', 'redis-set-nx', '--fault', 'freeze:after-check']

/** Processes that descend from this one, or did when they were last seen. */
function descendants(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const found: number[] = []
  for (let parents = [pid]; parents.length > 0;) {
    parents = rows.filter(([, parent = 0]) => parents.includes(parent)).map(([child = 0]) => child)
    found.push(...parents)
  }
  return found
}

function isStopped(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('T') === true
  } catch {
    return false
  }
}

/** Waits until it holds; a process that is stopped tells nobody. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !holds(); await pause(50)) {
    if (performance.now() > end) throw new Error(`not within 60 s: ${holds.toString()}`)
  }
}

test('SIGINT while servers start, and once more while they end, leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const lab = new LabProcess(['--rounds', '4', ...FROZEN], { TMPDIR: folder })
  const all = new Set<number>()
  const look = () => descendants(lab.pid).forEach((pid) => all.add(pid))
  // The keeper, and the first of what it keeps.
  await until(() => (look(), all.size > 1))
  lab.kill('SIGINT')
  await lab.says('ends what is under way')
  look()
  lab.kill('SIGINT')
  expect(await lab.end()).toBe(130)
  await until(() => [...all].every((pid) => !existsSync(`/proc/${pid}`)))
  await until(() => readdirSync(folder).every((name) => !name.startsWith('fencepost-lab-')))
})

test.each(['SIGINT', 'SIGKILL'] as const)(
  '%s leaves nothing running, no stopped process and no folder',
  async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-test-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const lab = new LabProcess(['--rounds', '4', ...FROZEN], { TMPDIR: folder })
    let all: number[] = []
    await until(() => {
      all = descendants(lab.pid)
      return all.some(isStopped)
    })
    lab.kill(signal)
    await lab.closed
    await until(() => all.every((pid) => !existsSync(`/proc/${pid}`)))
    // Nobody is left to remove the servers' own folders after a SIGKILL of all; the lab's is.
    await until(() => readdirSync(folder).every((name) => !name.startsWith('fencepost-lab-')))
    if (signal === 'SIGINT') expect(lab.stderr).toContain('lab: ended by SIGINT')
  },
)
