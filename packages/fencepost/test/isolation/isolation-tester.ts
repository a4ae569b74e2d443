import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Database } from '../support/database.ts'

/** Where it is; undefined if it is not installed. */
export const TESTER = ['17', '16', '15', '14', '13']
  .map((major) => `/usr/lib/postgresql/${major}/lib/pgxs/src/test/isolation/isolationtester`)
  .find((path) => existsSync(path))

if (TESTER === undefined)
  console.warn('skipped: isolation specs need isolationtester (Debian: apt-get install postgresql)')

/** What each permutation of a spec came to, first the steps of it. */
export async function runSpec(database: Database, spec: string): Promise<string[]> {
  const { hostname, port, username, password } = new URL(database.url)
  const conninfo = `host=${hostname} port=${port} user=${username} dbname=${database.name}`
  const tester = promisify(execFile)(TESTER as string, [conninfo], {
    env: { ...process.env, PGPASSWORD: password, PGISOLATIONTIMEOUT: '20' },
  })
  tester.child.stdin?.end(spec)
  return (await tester).stdout.split(/^starting permutation: /m).slice(1)
}

/** A result is printed as a column head, a rule and the value. */
export function valueOf(column: string, text: string): string | undefined {
  return new RegExp(`^${column}\\s*\\n-+\\n(\\w+)`, 'm').exec(text)?.[1]
}
