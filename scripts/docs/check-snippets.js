import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { compileSnippets, folderIn, placeOf } from './compile-snippets.js'
import { CLIENTS, readSnippets } from './read-snippets.js'

/**
 * Compiles each ts block of the pages as a module of its own, against the packages by their names. The tests run them.
 *
 * @param {string} root of a workspace that is installed and built
 * @param {string[]} pages paths of Markdown files
 * @returns {import('../run/report.js').Findings}
 */
export function checkSnippets(root, pages) {
  const snippets = pages.flatMap((page) => readSnippets(root, page)).filter(({ language }) => language === 'ts')
  const notes = snippets.flatMap((snippet) => {
    const { noCheck, needs } = snippet
    if (noCheck !== undefined) return `${placeOf(snippet)}: not checked: ${noCheck}`
    return needs.includes(CLIENTS) ? `${placeOf(snippet)}: checked by the tests only, which install its ${CLIENTS}` : []
  })
  const checked = snippets.filter(({ noCheck, needs }) => noCheck === undefined && !needs.includes(CLIENTS))
  return { problems: checked.length === 0 ? [] : compiled(root, checked), notes }
}

/** @param {string} root @param {import('./read-snippets.js').Snippet[]} snippets */
function compiled(root, snippets) {
  const folder = folderIn(join(root, 'node_modules'), 'docs-snippets')
  try {
    return compileSnippets(folder, snippets)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
