import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const COMMAND = /\bnpm run (?!-)([\w:.-]*\w)/g

/**
 * Checks that every `npm run` a page names exists.
 *
 * @param {string} root
 * @param {string} page path of a Markdown file
 * @param {Set<string>} scripts the names there are
 * @returns {string[]} problems
 */
export function checkCommands(root, page, scripts) {
  const text = readFileSync(page, 'utf8')
  const unknown = [...text.matchAll(COMMAND)].filter((match) => !scripts.has(match[1] ?? ''))
  return unknown.map((match) => {
    const line = text.slice(0, match.index).split('\n').length
    return `${relative(root, page)}:${line}: names npm run ${match[1]}, which package.json does not have`
  })
}
