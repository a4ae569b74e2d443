import type { ProtectedTable, Violation } from '../../index.ts'
import { openFencepost } from '../open-fencepost.ts'
import { printJson } from '../show/json.ts'
import { type Column, table } from '../show/table.ts'
import type { NamedOptions } from '../database-options.ts'

export async function listProtected(options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('protect', options)
  const found = await fp.protectedTables()
  if (options.json) printJson(found)
  else process.stdout.write(found.length === 0 ? 'no table is protected\n' : table(found, TABLES))
}

export async function listViolations(options: NamedOptions): Promise<void> {
  await using fp = await openFencepost('protect', options)
  const found = await fp.violations()
  if (options.json) printJson(found)
  else
    process.stdout.write(found.length === 0 ? 'nothing was written without a live token\n' : table(found, VIOLATIONS))
}

const TABLES: Column<ProtectedTable>[] = [
  { title: 'table', text: ({ table: name }) => name },
  { title: 'lock', text: ({ lockName }) => lockName },
  { title: 'namespace', text: ({ namespace }) => namespace, optional: true },
  { title: 'writes without it', text: ({ mode }) => (mode === 'refuse' ? 'are refused' : 'are recorded') },
  {
    title: 'holes',
    text: holes,
    format: (row) => (holes(row) === '' ? undefined : 'red'),
  },
]

const VIOLATIONS: Column<Violation>[] = [
  { title: 'at', text: ({ at }) => at.toISOString() },
  { title: 'table', text: ({ table: name }) => name },
  { title: 'operation', text: ({ operation }) => operation },
  { title: 'lock', text: ({ lockName }) => lockName, least: 8 },
  { title: 'token', text: ({ token }) => String(token ?? ''), align: 'right' },
  { title: 'role', text: ({ role }) => role, least: 6 },
  { title: 'application', text: ({ application }) => application, least: 8 },
  { title: 'client', text: ({ client }) => client, optional: true },
]

/** What came to the table since: protect it again. */
function holes({ unprotected, truncatable }: ProtectedTable): string {
  const writable = unprotected.map((name) => `${name} can be written`)
  const rest = truncatable.filter((name) => !unprotected.includes(name)).map((name) => `${name} can be truncated`)
  return [...writable, ...rest].join(', ')
}
