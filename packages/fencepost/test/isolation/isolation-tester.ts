import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Database } from '../support/database.ts'

/** Where Debian puts it; undefined if it is not installed. */
export const TESTER = ['17', '16', '15', '14', '13']
  .map((major) => `/usr/lib/postgresql/${major}/lib/pgxs/src/test/isolation/isolationtester`)
  .find((path) => existsSync(path))

if (TESTER === undefined)
  console.warn('skipped: isolation specs need isolationtester (Debian: apt-get install postgresql)')

/** What came of one interleaving of an old holder's transaction with the grant to a new one. */
export interface Outcome {
  readonly steps: string
  /** The step `nl` of the new holder had to wait. */
  readonly waits: boolean
  readonly sees: string | undefined
  readonly stays: string | undefined
  readonly refused: boolean
}

/** Runs each permutation of a spec, in which the new holder reads `granted_sees` and somebody reads `stays` at the end. */
export async function outcomesOf(spec: string, database: Database): Promise<Outcome[]> {
  return (await runSpec(spec, database)).map((text) => ({
    steps: stepsOf(text),
    waits: /^step nl: .*<waiting \.\.\.>$/m.test(text),
    sees: valueOf('granted_sees', text),
    stays: valueOf('stays', text),
    refused: isRefused(text),
  }))
}

/** What each permutation of a spec printed, all of them. */
export async function runSpec(spec: string, { url, name }: Database): Promise<string[]> {
  const { hostname, port, username, password } = new URL(url)
  const conninfo = `host=${hostname} port=${port} user=${username} dbname=${name}`
  const tester = promisify(execFile)(TESTER as string, [conninfo], {
    env: { ...process.env, PGPASSWORD: password, PGISOLATIONTIMEOUT: '20' },
  })
  tester.child.stdin?.end(spec)
  const permutations = (await tester).stdout.split(/^starting permutation: /m).slice(1)
  expect(permutations).toHaveLength(spec.match(/^permutation /gm)?.length ?? 0)
  return permutations
}

export function stepsOf(permutation: string): string {
  return permutation.split('\n')[0] ?? ''
}

/** isolationtester prints a result as a column head, a rule and the value. */
export function valueOf(column: string, permutation: string): string | undefined {
  return new RegExp(`^${column}\\s*\\n-+\\n(\\S+)`, 'm').exec(permutation)?.[1]
}

export function isRefused(permutation: string): boolean {
  return /ERROR: {2}token \d+ of lock "account:1" is stale/.test(permutation)
}
