import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { runCommand } from '../command.ts'

const database = await cloneDatabase()
const folder = mkdtempSync(join(tmpdir(), 'quiet-'))
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await database[Symbol.asyncDispose]()
})

const quiet = (script: string) =>
  runCommand(['run', 'quiet', '--quiet', '--', 'sh', '-c', script], {
    env: { DATABASE_URL: database.url, TMPDIR: folder },
  })

test('--quiet prints nothing of a program that does well', async () => {
  expect(await quiet('echo said; echo problem >&2')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('--quiet prints all of one that fails, where it belongs, and how it ended', async () => {
  const failed = await quiet('echo said; echo problem >&2; exit 3')
  expect(failed).toEqual({ code: 3, stdout: 'said\n', stderr: 'problem\nfencepost: sh ended with exit code 3\n' })
  const killed = await quiet('echo said; kill -KILL $$')
  expect(killed).toEqual({ code: 137, stdout: 'said\n', stderr: 'fencepost: sh ended with SIGKILL\n' })
})

test('--quiet gives back 100 MB of a program that fails, and no file stays', async () => {
  const { code, stdout } = await quiet('yes 0123456789 | head -c 100000000; exit 1')
  expect({ code, length: stdout.length }).toEqual({ code: 1, length: 100_000_000 })
  expect(readdirSync(folder)).toEqual([])
})
