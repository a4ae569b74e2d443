import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runCommand } from './command.ts'

const COMMANDS =
  'demo dev doctor lab migrate sql run reconcile who locks waits history top evict leader protect jobs cron completion'.split(
    ' ',
  )

test('--version is the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('--help is data, names every command and needs no database', async () => {
  const { code, stdout, stderr } = await runCommand(['--help'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
})

test.each(COMMANDS)('%s --help shows an example', async (command) => {
  const { code, stdout } = await runCommand([command, '--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^Examples?:\n  .*npx fencepost ${command} ?.*$`, 'm'))
})

test.each([[['nonsense']], [['migrate', '--nonsense']], [['demo', '--workers', '1']], [[]]])(
  'what cannot be understood is a usage error: %j',
  async (args) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).not.toBe('')
  },
)

test('nothing that goes into a pipe is coloured', async () => {
  const { stdout } = await runCommand(['--help'])
  expect(stdout).not.toContain('\u001B')
})
