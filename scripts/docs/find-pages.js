import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const ALONE = ['README.md', 'SECURITY.md', join('bench', 'README.md')]

/**
 * The pages for users: those above, all in docs/, and the README of each package.
 *
 * @param {string} root
 * @returns {string[]} paths
 */
export function findPages(root) {
  const docs = existsSync(join(root, 'docs'))
    ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    : []
  const inDocs = docs.filter((name) => name.endsWith('.md')).toSorted()
  const ofPackages = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md'))
  const names = [...ALONE, ...inDocs.map((name) => join('docs', name)), ...ofPackages]
  return names.map((name) => join(root, name)).filter((path) => existsSync(path))
}
