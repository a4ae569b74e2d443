import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const require = createRequire(import.meta.url)

test('fp.locks passes the compiler wherever the LockManager of a browser is wanted', async () => {
  const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
  const project = new URL('browser', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--listFilesOnly', '-p', project])
  expect(stdout).toContain('browser/lock-manager.ts')
  await promisify(execFile)(process.execPath, [tsc, '-p', project])
})
