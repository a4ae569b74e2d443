import { fencepost } from 'fencepost'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { isAlive } from '../../support/processes.ts'
import { BINARY, Command } from '../command.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const env = { DATABASE_URL: database.url, NODE: process.execPath, BINARY }
const SHELLS = installedShells()
if (SHELLS.length < 3)
  console.warn('skipped: tests with the sh of other systems (Debian: apt-get install dash bash busybox)')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

/** Runs a script that prints its mark, the ids of its processes, a line each, and then "runs". */
async function runs(name: string, script: string, more: Record<string, string> = {}) {
  const settings = { env: { ...env, ...more } }
  const command = new Command(['run', name, '--', '/bin/sh', '-c', `echo $FENCEPOST_RUN; ${script}`], settings)
  await command.prints('runs')
  const [mark = '', ...pids] = command.stdout.split('\n').slice(0, -2)
  return { command, mark, pids: pids.map(Number) }
}

/** What is sh on Debian, on macOS and on Alpine, where it is installed. */
function installedShells(): [string, string][] {
  const folders = (process.env['PATH'] ?? '').split(':')
  return ['dash', 'bash', 'busybox'].flatMap((shell) => {
    const found = folders.map((folder) => join(folder, shell)).find((path) => existsSync(path))
    return found === undefined ? [] : [[shell, found]]
  })
}

/** The processes that have this text in a file of theirs. */
function having(text: string, file: 'environ' | 'cmdline'): number[] {
  const has = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(text)
    } catch {
      return false
    }
  }
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && has(entry))
    .map(Number)
}

test('P4: kill -9 of the command ends the program, whatever it ignores, and what that has started', async () => {
  const script = 'trap "" TERM HUP INT; echo $$; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; echo runs; wait'
  const { command, pids } = await runs('killed', script)
  expect(pids.map(isAlive)).toEqual([true, true, true])
  command.kill('SIGKILL')
  await eventually(async () => !pids.some(isAlive))
  await using _ = await fp.lock('killed', { wait: '10s' })
})

test.each(SHELLS)('P4: the watchdog needs no other sh than %s', async (_, found) => {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-run-'))
  const applets = found.endsWith('busybox') ? ['sh', 'grep', 'tr', 'sleep'] : ['sh']
  for (const applet of applets) await symlink(found, join(folder, applet))
  const script = 'echo $$; /bin/sleep 1000 & echo $!; setsid /bin/sleep 1000 & echo $!; echo runs; wait'
  const { command, pids } = await runs('shells', script, { PATH: `${folder}:${process.env['PATH']}` })
  command.kill('SIGKILL')
  await eventually(async () => !pids.some(isAlive))
  await rm(folder, { recursive: true })
})

test('P4: a program that starts others as fast as it can is ended too', async () => {
  const { command, mark } = await runs('forking', 'echo runs; while :; do sleep 1000 & sleep 0.01; done')
  await eventually(async () => having(mark, 'environ').length > 20)
  command.kill('SIGKILL')
  await eventually(async () => having(mark, 'environ').length === 0 && having(mark, 'cmdline').length === 0)
})

test('P4: a run inside of a run is ended with it, by a watchdog that does not bear the mark of the outer one', async () => {
  const inner = `/bin/sh -c 'echo $$; echo $FENCEPOST_RUN; echo runs; sleep 1000'`
  const { command, mark } = await runs('outer', `"$NODE" "$BINARY" run inner -- ${inner}`)
  const [, program, innerMark = ''] = command.stdout.split('\n')
  const marked = having(mark, 'environ')
  const [watchdog] = having(innerMark, 'cmdline')
  expect(marked).not.toContain(watchdog)
  command.kill('SIGKILL')
  await eventually(async () => !isAlive(Number(program)) && having(innerMark, 'cmdline').length === 0)
})

test('P4: the program is ended also if its watchdog had been killed before', async () => {
  const { command, mark, pids } = await runs('unwatched', 'echo $$; echo runs; sleep 1000')
  const [watchdog = 0] = having(mark, 'cmdline')
  process.kill(watchdog, 'SIGKILL')
  const isAnother = async () => having(mark, 'cmdline').some((pid) => pid !== watchdog && isAlive(pid))
  await eventually(isAnother)
  expect(pids.map(isAlive)).toEqual([true])
  command.kill('SIGKILL')
  await eventually(async () => !pids.some(isAlive) && having(mark, 'cmdline').length === 0)
})

test('what a program leaves in the background when it ends by itself is left alone, and no watchdog stays', async () => {
  const script = 'echo runs; sleep 1000 >/dev/null 2>&1 &'
  const { command, mark } = await runs('daemon', script)
  expect(await command.closed).toEqual({ code: 0, signal: null })
  await eventually(async () => having(mark, 'cmdline').length === 0)
  const left = having(mark, 'environ').filter(isAlive)
  expect(left).toHaveLength(1)
  for (const pid of left) process.kill(pid, 'SIGKILL')
})
