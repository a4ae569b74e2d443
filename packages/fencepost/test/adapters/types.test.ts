import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { wanting } from './clients.ts'

const require = createRequire(import.meta.url)

test.skipIf(wanting !== '')(
  'the transaction of each client passes the compiler, and what is none does not where its types tell',
  async () => {
    const tsc = join(require.resolve('typescript/package.json'), '..', 'bin', 'tsc')
    const project = new URL('clients', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--listFilesOnly', '-p', project])
    expect(stdout).toContain('types/transactions.ts')
    await promisify(execFile)(process.execPath, [tsc, '-p', project])
  },
)
