import { join } from 'node:path'
import { report } from './run/report.js'
import { runAsScript } from './run/run-as-script.js'
import { workspaceRoot } from './run/workspace-root.js'
import { checkFunctions } from './sql/check-functions.js'
import { checkMigrations } from './sql/check-migrations.js'
import { checkQualified } from './sql/check-qualified.js'
import { checkText } from './sql/check-text.js'
import { checkViews } from './sql/check-views.js'
import { loadSql } from './sql/load-sql.js'
import { readSql } from './sql/read-sql.js'

/**
 * Checks the SQL of the library by reading it; no server is needed.
 *
 * @param {string} root of a workspace
 * @returns {import('./run/report.js').Findings} paths in it are relative to packages/fencepost/sql
 */
export function checkSql(root) {
  const { migrations, functions, views } = readSql(join(root, 'packages', 'fencepost', 'sql'))
  const files = [...migrations, ...functions, ...views]
  const problems = [
    ...checkMigrations(migrations),
    ...checkFunctions(functions),
    ...checkViews(views),
    ...files.flatMap(checkText),
    ...checkQualified(files),
  ]
  return { problems, notes: [] }
}

await runAsScript(import.meta.url, async () => {
  const read = checkSql(workspaceRoot)
  const loaded = await loadSql(workspaceRoot, readSql(join(workspaceRoot, 'packages', 'fencepost', 'sql')))
  const problems = [...read.problems, ...loaded.problems].map((text) => `packages/fencepost/sql/${text}`)
  return report({ problems, notes: [...read.notes, ...loaded.notes] })
})
