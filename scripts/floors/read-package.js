import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { readImports } from './read-imports.js'

/**
 * `path` is relative to src, with forward slashes; `target` is the file of the package an import means, if it is one.
 *
 * @typedef {import('./read-imports.js').Import & { target: string | null }} Resolved
 * @typedef {{ path: string, lines: number, onlyReexports: boolean, imports: Resolved[] }} SourceFile
 */

/**
 * @param {string} src the folder with a package's sources
 * @returns {SourceFile[]}
 */
export function readPackage(src) {
  const entries = readdirSync(src, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(src.length + 1)
        .split(sep)
        .join('/'),
    )
    .toSorted()
  return paths.map((path) => readSource(path, readFileSync(join(src, path), 'utf8')))
}

/** @param {string} path @param {string} source @returns {SourceFile} */
function readSource(path, source) {
  const { imports, onlyReexports } = readImports(source)
  const lines = source.split('\n').length - Number(source.endsWith('\n'))
  return { path, lines, onlyReexports, imports: imports.map((found) => ({ ...found, target: targetOf(path, found) })) }
}

/** @param {string} path @param {import('./read-imports.js').Import} found */
function targetOf(path, { specifier }) {
  return specifier?.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
}
