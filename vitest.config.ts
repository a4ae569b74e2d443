import { defineConfig } from 'vitest/config'

// Two files at a time: each clones a database and kills processes, and on a small machine more only wait for each other.
const MAX_WORKERS = 2

export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: true,
    maxWorkers: MAX_WORKERS,
    projects: [
      // A second server major is one more entry: the same tests, its own name and globalSetup.
      project('fencepost', 'packages/fencepost/test/**/*.test.ts', ['packages/fencepost/test/support/global-setup.ts']),
      project('dev-postgres', 'packages/dev-postgres/test/**/*.test.ts'),
      project('scripts', 'scripts/test/**/*.test.js'),
    ],
  },
})

function project(name: string, include: string, globalSetup: string[] = []) {
  return { test: { name, include: [include], globalSetup, testTimeout: 60_000, hookTimeout: 60_000 } }
}
