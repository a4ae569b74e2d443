/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

const NAME = /^migrations\/(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/
const REASON = /^--\s*\w/

/**
 * @param {SqlFile[]} migrations in the order of their names
 * @returns {string[]} problems
 */
export function checkMigrations(migrations) {
  return migrations.flatMap(({ name, source }, index) => {
    const problems = []
    const expected = String(index + 1).padStart(4, '0')
    const number = NAME.exec(name)?.[1]
    if (number === undefined) problems.push(`${name}: a migration is named NNNN_what.sql`)
    else if (number !== expected) problems.push(`${name}: has the number ${number} where ${expected} is next`)
    if (!REASON.test(source)) problems.push(`${name}:1: the first line says why, in a -- comment`)
    return problems
  })
}
