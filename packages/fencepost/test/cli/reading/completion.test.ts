import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { runCommand } from '../command.ts'
import { Terminal, whyNoTerminal } from './terminal.ts'

const BINARY = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const database = await cloneDatabase()
const fp = fencepost(database.url)
const folder = await mkdtemp(join(tmpdir(), 'fencepost-completion-'))
// As an installation has it on the PATH.
await writeFile(join(folder, 'fencepost'), `#!/bin/sh\nexec '${process.execPath}' '${BINARY}' "$@"\n`)
await chmod(join(folder, 'fencepost'), 0o755)
for (const name of ['account:42', 'account:7', 'nightly report', 'evil\nname']) await fp.lock(name)
await eventually(async () => (await database.admin.query('select from fencepost.holders')).rowCount === 4)
{
  await using schedule = await fp.cron('nightly-report', '0 2 * * *', () => {})
  await schedule.stop()
}
const env = { DATABASE_URL: database.url, PATH: `${folder}:${process.env['PATH']}`, PS1: '> ' }
const whyNoZsh = findZsh()

afterAll(async () => {
  await fp.close()
  await rm(folder, { recursive: true })
  await database[Symbol.asyncDispose]()
})

test.each([
  ['fencepost wh', ['who']],
  ['fencepost w', ['waits', 'who']],
  ['fencepost locks --fo', ['--foreign']],
  ['fencepost who acc', ['42', '7'].map((end) => `account:${end}`)],
  ['fencepost who account:4', ['42']],
  ["fencepost who 'nightly ", ['nightly report']],
  ['fencepost evict nightly', [String.raw`nightly\ report`]],
  [`fencepost --url x who a --key`, ['--key']],
  ['fencepost who --namespace ', []],
  ['fencepost who --namespace other acc', []],
  ['fencepost who account:42 acc', []],
  ['fencepost completion ', ['bash', 'zsh']],
  ['fencepost cron h', ['history']],
  ['fencepost cron history n', ['nightly-report']],
  ['fencepost cron pause --namespace other ', []],
  ['fencepost cron forget --y', ['--yes']],
  ['fencepost jobs list --st', ['--state']],
  ['fencepost who evil', []],
])('bash: %s completes to %j', async (line, candidates) => {
  const { code, stdout } = await runCommand(['complete', 'bash'], { env: { ...env, COMP_LINE: line } })
  expect({ code, found: stdout.split('\n').filter(Boolean) }).toEqual({ code: 0, found: candidates })
})

test('a database that is not there, or none, completes to nothing and says nothing', async () => {
  for (const url of [undefined, 'postgres://someone@127.0.0.1:1/app']) {
    const given = { COMP_LINE: 'fencepost who ', ...(url !== undefined && { DATABASE_URL: url }) }
    expect(await runCommand(['complete', 'bash'], { env: given })).toEqual({ code: 0, stdout: '', stderr: '' })
  }
})

test.skipIf(whyNoTerminal)('a real bash completes commands and names, colons included', async () => {
  await using terminal = await Terminal.of(['bash', '--norc', '--noprofile', '-i'], { env })
  await terminal.type('source <(fencepost completion bash); clear; echo ready')
  await terminal.press('Enter')
  await terminal.shows(/^ready/m)
  await terminal.type('fencepost hist')
  await terminal.press('Tab')
  await terminal.shows(/^> fencepost history$/m)
  await terminal.press('C-u')
  await terminal.type('fencepost who account:4')
  await terminal.press('Tab')
  await terminal.shows(/^> fencepost who account:42$/m)
  await terminal.press('C-u')
  await terminal.type('fencepost evict night')
  await terminal.press('Tab')
  await terminal.shows(/^> fencepost evict nightly\\ report$/m)
})

test.skipIf(whyNoTerminal ?? whyNoZsh)('a real zsh does too', async () => {
  await using terminal = await Terminal.of(['zsh', '-f', '-i'], { env })
  await terminal.type('autoload -Uz compinit; compinit -D; source <(fencepost completion zsh); clear; echo ready')
  await terminal.press('Enter')
  await terminal.shows(/^ready/m)
  await terminal.type('fencepost hist')
  await terminal.press('Tab')
  await terminal.shows(/fencepost history/)
  await terminal.press('C-u')
  await terminal.type('fencepost who account:4')
  await terminal.press('Tab')
  await terminal.shows(/fencepost who account:42/)
  await terminal.press('C-u')
  await terminal.type('fencepost evict night')
  await terminal.press('Tab')
  await terminal.shows(/fencepost evict nightly\\ report/)
})

function findZsh(): string | undefined {
  try {
    execFileSync('zsh', ['-c', ':'])
    return undefined
  } catch (error) {
    console.warn('skipped: completion in zsh, which is not installed (Debian: apt-get install zsh)')
    return String(error)
  }
}
