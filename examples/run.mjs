// A program under a lock: DATABASE_URL=postgres://… node run.mjs. In a shell it is `npx fencepost run report --once … -- make-report`.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { fencepost } from 'fencepost'

const command = new URL('cli/main.js', import.meta.resolve('fencepost')).pathname
const report = [
  '--once',
  `report:${randomUUID()}`,
  '--',
  'sh',
  '-c',
  'echo "made the report under token $FENCEPOST_TOKEN" | tr 0-9 "#"',
]

// Whoever comes first makes it.
console.log(await run('report', ...report))
// Whoever comes later, on any machine, does nothing.
console.log(await run('report', ...report))

// A lock that is busy: the exit code says so.
const fp = fencepost(process.env.DATABASE_URL)
await fp.lock('import', async () => console.log(await run('import', '--no-wait', '--', 'echo', 'never')))
// The exit code of the program is that of the command.
console.log(await run('import', '--', 'sh', '-c', 'exit 3'))
await fp.close()

async function run(...args) {
  const running = promisify(execFile)(process.execPath, [command, 'run', ...args])
  return await running.then(
    ({ stdout, stderr }) => `exit code 0: ${stdout.trim() || stderr.replace(/.*; /s, '').trim()}`,
    ({ code }) => `exit code ${code}`,
  )
}

// exit code 0: made the report under token #############
// exit code 0: nothing was run
// exit code 75
// exit code 3
