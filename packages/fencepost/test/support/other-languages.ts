import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Command = readonly [program: string, ...args: string[]]

// The driver and what it needs are Debian's, in one folder; what is compiled is kept in the run's.
const GO_CACHE = join(process.env['FENCEPOST_TEST_FOLDER'] ?? tmpdir(), 'fencepost-go-cache')
const GO_SETTINGS: Command = ['/usr/bin/env', 'GO111MODULE=off', 'GOPATH=/usr/share/gocode', `GOCACHE=${GO_CACHE}`]

/** What a file of each is run with, its driver of PostgreSQL included; undefined where either is not installed. */
export const PYTHON = installed(['/usr/bin/python3'], ['-c', 'import psycopg2'], 'python3-psycopg2')
export const RUBY = installed(['ruby'], ['-e', 'require "pg"'], 'ruby ruby-pg')
export const GO = installed(
  [...GO_SETTINGS, 'go', 'run'],
  [...GO_SETTINGS.slice(1), 'go', 'list', 'github.com/lib/pq'],
  'golang-go golang-github-lib-pq-dev',
)

/** Compiles a file of Go, so that its process can be killed; undefined where Go is not installed. */
export function buildGo(path: string): Command | undefined {
  if (GO === undefined) return undefined
  const program = join(GO_CACHE, `program-${process.pid}`)
  const [env, ...settings] = GO_SETTINGS
  execFileSync(env, [...settings, 'go', 'build', '-o', program, path], { stdio: ['ignore', 'ignore', 'inherit'] })
  return [program]
}

/** @param probe arguments of the command's program */
function installed(command: Command, probe: readonly string[], packages: string): Command | undefined {
  try {
    execFileSync(command[0], probe, { stdio: 'ignore' })
    return command
  } catch {
    console.warn(`skipped: tests of what is not installed (Debian: apt-get install ${packages})`)
    return undefined
  }
}
