import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { maskSql } from './mask-sql.js'

/**
 * `name` is relative to the folder with the migrations and functions; `code` and `outside` are what {@link maskSql} says.
 *
 * @typedef {{ name: string, source: string, code: string, outside: string }} SqlFile
 */

/**
 * @param {string} folder with the folders migrations, functions and views
 * @returns {{ migrations: SqlFile[], functions: SqlFile[], views: SqlFile[] }} in the order in which they are applied
 */
export function readSql(folder) {
  return {
    migrations: readFolder(folder, 'migrations'),
    functions: readFolder(folder, 'functions'),
    views: readFolder(folder, 'views'),
  }
}

/** @param {string} folder @param {string} kind */
function readFolder(folder, kind) {
  if (!existsSync(join(folder, kind))) return []
  const names = readdirSync(join(folder, kind)).toSorted()
  return names.map((name) => {
    const source = readFileSync(join(folder, kind, name), 'utf8')
    return { name: `${kind}/${name}`, source, ...maskSql(source) }
  })
}

/**
 * @param {string} code
 * @param {RegExp} pattern global
 * @returns {{ match: RegExpMatchArray, line: number }[]}
 */
export function matchLines(code, pattern) {
  return [...code.matchAll(pattern)].map((match) => ({ match, line: code.slice(0, match.index).split('\n').length }))
}
