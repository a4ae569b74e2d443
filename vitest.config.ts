import { localInstallations } from '@fencepost/dev-postgres'
import { defineConfig } from 'vitest/config'

// Three files at a time: on two cores two leave a third of the time unused, as they mostly wait, and more only wait for each other.
const MAX_WORKERS = 3
const TESTS = 'packages/fencepost/test'
const NEWEST_MAJOR = 18
// What touches the server.
const ON_BOTH_MAJORS = [
  'doctor',
  'cli/reading',
  'election',
  'events',
  'eviction',
  'faults',
  'fences',
  'fencing',
  'foreign',
  'inspection',
  'installation',
  'isolation',
  'line',
  'locks',
  'migrations',
  'once',
  'postgres',
  'protect',
  'providers',
  'queue',
  'schedule',
  'workers',
  'jobs',
  'crew',
  'security',
  'semaphore',
  'single',
  'testing',
  'transactions',
  'weblocks',
]
// Nothing is asserted about times; this only ends what hangs, also on a machine that is busy with other things.
const TEST_MS = 180_000

export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: true,
    maxWorkers: MAX_WORKERS,
    projects: [
      onServer(`fencepost on ${theServer()}`, `${TESTS}/**/*.test.ts`),
      ...anotherMajor().map((major) =>
        onServer(`fencepost on PostgreSQL ${major}`, `${TESTS}/{${ON_BOTH_MAJORS.join()}}/**/*.test.ts`),
      ),
      project('dev-postgres', 'packages/dev-postgres/test/**/*.test.ts'),
      project('lab', 'packages/lab/test/**/*.test.ts'),
      project('scripts', 'scripts/test/**/*.test.js'),
      project('bench', 'bench/test/**/*.test.js', ['bench/test/install-peers.js']),
    ],
  },
})

function theServer(): string {
  return process.env['FENCEPOST_TEST_DATABASE_URL'] === undefined ? `PostgreSQL ${NEWEST_MAJOR}` : 'the given server'
}

/** The newest that is installed here besides: what touches the server runs on both. */
function anotherMajor(): number[] {
  if (process.env['FENCEPOST_TEST_DATABASE_URL'] !== undefined) return []
  const majors = localInstallations().map(({ major }) => major)
  const others = majors.filter((major) => major >= 13 && major !== NEWEST_MAJOR).toSorted((one, other) => other - one)
  if (others.length === 0) {
    console.warn(
      'skipped: the tests on a second PostgreSQL major; none is installed (Debian: apt-get install postgresql)',
    )
  }
  return others.slice(0, 1)
}

function onServer(name: string, include: string) {
  return project(name, include, [`${TESTS}/support/global-setup.ts`])
}

function project(name: string, include: string, globalSetup: string[] = []) {
  return { test: { name, include: [include], globalSetup, testTimeout: TEST_MS, hookTimeout: TEST_MS } }
}
