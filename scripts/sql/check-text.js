import { matchLines } from './read-sql.js'

/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

/** @type {{ where: 'source' | 'code' | 'outside', pattern: RegExp, problem: string }[]} */
const PATTERNS = [
  { where: 'source', pattern: /\t/g, problem: 'a tab; indent with spaces' },
  { where: 'source', pattern: /[ \t\r]+$/gm, problem: 'trailing space' },
  { where: 'code', pattern: /\b\w*[A-Z]\w*/g, problem: 'upper case outside comments and strings: ' },
  {
    where: 'code',
    pattern: /\breturns\s+void\b/g,
    problem: 'returns void, which Prisma cannot read; return something',
  },
  // A cast (::) and an assignment (:=) are no variables; inside a body psql leaves colons alone.
  {
    where: 'outside',
    pattern: /(?<!:):(?:[a-z_]\w*|''|"")/gi,
    problem: 'a psql variable; the file has to run as it stands: ',
  },
  { where: 'outside', pattern: /^\s*\\\w+/gm, problem: 'a psql command; the file has to run through any client: ' },
]
// After `execute` a trigger names its function, a grant its object, and a prepared statement its name.
const DYNAMIC = /\bexecute\s+(?:format\s*\(|''|\w+\s*(?:\|\||;|\busing\b|\binto\b))/g
const DYNAMIC_REASON = /--\s*dynamic:\s*\S/

/**
 * What holds for every SQL file alike.
 *
 * @param {SqlFile} file
 * @returns {string[]} problems
 */
export function checkText(file) {
  const problems = PATTERNS.flatMap(({ where, pattern, problem }) =>
    matchLines(file[where], pattern).map(
      ({ match, line }) => `${file.name}:${line}: ${problem}${problem.endsWith(': ') ? match[0].trim() : ''}`,
    ),
  )
  return [...problems, ...dynamicSql(file)]
}

/**
 * SQL put together at run time, which nobody can check, unless the line before says why it has to be.
 *
 * @param {SqlFile} file
 */
function dynamicSql({ name, source, code }) {
  const lines = source.split('\n')
  const found = matchLines(code, DYNAMIC).filter(({ line }) => !DYNAMIC_REASON.test(lines[line - 2] ?? ''))
  return found.map(
    ({ line }) => `${name}:${line}: SQL built from strings; write it out, or say why above it: -- dynamic: ...`,
  )
}
