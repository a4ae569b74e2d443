import { matchLines } from './read-sql.js'

/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

const SCHEMA = 'fencepost'
const CREATED =
  /\bcreate\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(table|view|type|domain|sequence|function|procedure)\s+(?:if\s+not\s+exists\s+)?([\w.]+)/g
const USED =
  /(?<![\w.])(?:from|join|into|update|references|(?<!\bcreate\s(?:unlogged\s)?)table|only|call|nextval)\s+(\w+)(?![\w.])/g
// A temporary table of the caller's by the same name comes before the server's own.
const SYSTEM = /\b(?:from|join)\s+(pg_\w+)(?![\w.(])/g
const CALLED = /(?<![\w.]|\b(?:primary|foreign|as|with|into)\s)(\w+)\s*\(/g
// Ours by the same name are always meant to be the server's where no schema is written.
const BUILT_IN = new Set(['now', 'format', 'notify', 'lower', 'upper', 'version', 'count'])

/**
 * Finds what would be looked up in the caller's search_path: a created thing without its schema, and one of ours named
 * without it. Cheap, not complete: loading the files with an empty search_path finds the rest.
 *
 * @param {SqlFile[]} files
 * @returns {string[]} problems
 */
export function checkQualified(files) {
  const created = files.flatMap((file) =>
    matchLines(file.code, CREATED).map(({ match, line }) => ({ file, match, line })),
  )
  const unqualified = created.filter(({ match }) => !match[2]?.startsWith(`${SCHEMA}.`))
  const routines = namesOf(created.filter(({ match }) => isRoutine(match)))
  const tables = namesOf(created.filter(({ match }) => !isRoutine(match)))
  return [
    ...unqualified.map(({ file, match, line }) => `${file.name}:${line}: creates ${match[2]} without its schema`),
    ...files.flatMap((file) => [...references(file, USED, tables), ...references(file, CALLED, routines)]),
    ...files.flatMap(({ name, code }) =>
      matchLines(code, SYSTEM).map(
        ({ match, line }) => `${name}:${line}: ${match[1]} without its schema; write pg_catalog.${match[1]}`,
      ),
    ),
  ]
}

/** @param {RegExpMatchArray} created */
function isRoutine(created) {
  return created[1] === 'function' || created[1] === 'procedure'
}

/** @param {{ match: RegExpMatchArray }[]} created */
function namesOf(created) {
  return new Set(created.map(({ match }) => match[2]?.split('.').at(-1)))
}

/** @param {SqlFile} file @param {RegExp} pattern @param {Set<string | undefined>} names */
function references({ name, code }, pattern, names) {
  const found = matchLines(code, pattern).filter(({ match }) => names.has(match[1]) && !BUILT_IN.has(match[1] ?? ''))
  return found.map(({ match, line }) => `${name}:${line}: ${match[1]} without its schema; write ${SCHEMA}.${match[1]}`)
}
