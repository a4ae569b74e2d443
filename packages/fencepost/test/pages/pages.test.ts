import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { placeOf } from '../../../../scripts/docs/compile-snippets.js'
import { findPages } from '../../../../scripts/docs/find-pages.js'
import { CLIENTS, readSnippets, type Snippet } from '../../../../scripts/docs/read-snippets.js'
import { workspaceRoot } from '../../../../scripts/run/workspace-root.js'
import { ownServer } from '../support/database.ts'
import { onServer } from '../support/on-server.ts'
import { languageOf, whyNotRun } from './languages.ts'
import { matches } from './output.ts'
import { prepareSnippets } from './prepare-snippets.ts'
import { runSnippet } from './run-snippet.ts'

const WORKSPACE = join(workspaceRoot, 'node_modules')
const CLIENTS_MODULES = join(import.meta.dirname, '../adapters/clients/node_modules')
const WITH_SCHEMA = 'with_schema'

const snippets = findPages(workspaceRoot).flatMap((page) => readSnippets(workspaceRoot, page))
const wantsClients = ({ needs }: Snippet) => needs.includes(CLIENTS)
// Installed only if a page needs them.
const whyNoClients = snippets.some(wantsClients) ? (await import('../adapters/clients.ts')).wanting : ''
const whyNot = (snippet: Snippet) => whyNotRun(snippet) ?? ((wantsClients(snippet) && whyNoClients) || undefined)

const run = snippets.filter((snippet) => whyNot(snippet) === undefined)
const groups = [
  { group: run.filter((snippet) => !wantsClients(snippet)), modules: WORKSPACE },
  { group: run.filter(wantsClients), modules: CLIENTS_MODULES },
]
const batches = groups.flatMap(({ group, modules }) => (group.length > 0 ? prepareSnippets(group, modules) : []))

// Of its own, as roles and settings of a server are of all its databases.
const server = await ownServer()
await onServer(server.url, `create database ${WITH_SCHEMA}`)
{
  await using fp = fencepost(at(WITH_SCHEMA))
  await fp.migrate()
}
afterAll(async () => {
  await server.stop()
  for (const { folder } of batches) rmSync(folder, { recursive: true, force: true })
})

test('every block of TypeScript compiles', () => {
  expect(batches.flatMap(({ problems }) => problems)).toEqual([])
})

let databases = 0
test.concurrent.for(batches.flatMap(({ prepared }) => prepared))('$place does what it says', async (prepared) => {
  const { snippet, command, cwd } = prepared
  const database = `page_${++databases}`
  const template = languageOf(snippet)?.hasSchema === true ? WITH_SCHEMA : 'template1'
  await onServer(server.url, `create database ${database} template ${template}`)
  const { end, stdout, stderr } = await runSnippet(snippet, command, { cwd, url: at(database) })
  // What it said, if it failed.
  expect(end === 0 ? '' : `${stdout}${stderr}ended: ${end}`).toBe('')
  if (snippet.prints !== undefined && !matches(stdout, snippet.prints)) expect(stdout).toBe(snippet.prints)
})

const notRun = snippets.filter(whyNot).map((snippet) => `${placeOf(snippet)}: ${whyNot(snippet)}`)
for (const line of notRun) console.warn(`not run: ${line}`)
test.for(notRun)('%s', (_, { skip }) => skip())

function at(database: string): string {
  return Object.assign(new URL(server.url), { pathname: `/${database}` }).href
}
