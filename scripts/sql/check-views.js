import { matchLines } from './read-sql.js'

/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

const CREATE = /\bcreate\s+(or\s+replace\s+)?view\s+([\w.]+)/g

/**
 * One view a file, named after it and replaced in place: views are applied after the functions, at each migration.
 *
 * @param {SqlFile[]} views
 * @returns {string[]} problems
 */
export function checkViews(views) {
  return views.flatMap(({ name, code }) => {
    const [first, ...more] = matchLines(code, CREATE)
    if (first === undefined || more.length > 0) return [`${name}: it is one view a file`]
    const problems = []
    const expected = `fencepost.${name.replace(/^views\/|\.sql$/g, '')}`
    const [, replaces, found] = first.match
    if (found !== expected)
      problems.push(`${name}:${first.line}: creates ${found}; a file of this name holds ${expected}`)
    if (!replaces)
      problems.push(`${name}:${first.line}: create or replace: this file is applied again at each migration`)
    return problems
  })
}
