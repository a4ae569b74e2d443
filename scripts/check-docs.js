import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkCommands } from './docs/check-commands.js'
import { checkLinks } from './docs/check-links.js'
import { checkProofs } from './docs/check-proofs.js'
import { checkSnippets } from './docs/check-snippets.js'
import { findPages } from './docs/find-pages.js'
import { report } from './run/report.js'
import { runAsScript } from './run/run-as-script.js'
import { workspaceRoot } from './run/workspace-root.js'

/**
 * Checks that what the pages say is so: their TypeScript compiles, their links lead somewhere, their commands and their tests exist.
 *
 * @param {string} root of a workspace that is installed and built
 * @returns {import('./run/report.js').Findings}
 */
export function checkDocs(root) {
  const pages = findPages(root)
  const snippets = checkSnippets(root, pages)
  const scripts = new Set(Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts ?? {}))
  const problems = pages.flatMap((page) => [
    ...checkLinks(root, page),
    ...checkCommands(root, page, scripts),
    ...checkProofs(root, page),
  ])
  return { problems: [...snippets.problems, ...problems], notes: snippets.notes }
}

await runAsScript(import.meta.url, () => report(checkDocs(workspaceRoot)))
