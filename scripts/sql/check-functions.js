import { matchLines } from './read-sql.js'

/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

const CREATE = /\bcreate\s+(or\s+replace\s+)?(?:function|procedure)\s+([\w.]+)/g
const MAX_LINES = 60
// A trigger runs in the session of whoever writes, who may have nothing to say here.
const TRUSTED = /\bsecurity\s+definer\b|\breturns\s+trigger\b/
// pg_temp is searched first wherever it is not named.
const PINNED = /\bset\s+search_path\s*=\s*pg_catalog\s*,\s*pg_temp\b/

/**
 * One function or procedure a file, named after it, replaced in place, short enough to read at once.
 *
 * @param {SqlFile[]} functions
 * @returns {string[]} problems
 */
export function checkFunctions(functions) {
  return functions.flatMap((file) => checkFunction(file).map((problem) => `${file.name}${problem}`))
}

/** @param {SqlFile} file */
function checkFunction({ name, source, code, outside }) {
  const created = matchLines(code, CREATE)
  const [first] = created
  if (first === undefined || created.length > 1) return [`: creates ${created.length} functions; it is one a file`]
  const problems = []
  const expected = `fencepost.${name.replace(/^functions\/|\.sql$/g, '')}`
  const [, replaces, found] = first.match
  if (found !== expected) problems.push(`:${first.line}: creates ${found}; a file of this name holds ${expected}`)
  if (!replaces) problems.push(`:${first.line}: create or replace: this file is applied again at each migration`)
  if (TRUSTED.test(outside) && !PINNED.test(outside)) {
    problems.push(': security definer, and a trigger, needs: set search_path = pg_catalog, pg_temp')
  }
  const lines = source.trimEnd().split('\n').length - first.line + 1
  if (lines > MAX_LINES) problems.push(`: ${lines} lines; a function has ${MAX_LINES} at most`)
  return problems
}
