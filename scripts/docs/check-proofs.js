import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const ROW = /^\| *((?:P|H|W|FAULTS )\d+) *\|.*$/gm
const TESTS = /\]\(([^)\s]+\.test\.ts)\)/g

/**
 * Checks that a test file which a table gives for a promise, a hole, a fault or a rule of Web Locks has a test of that number: in a
 * row that begins with `P3`, `H4`, `FAULTS 5` or `W6`, each link to a test.
 *
 * @param {string} root
 * @param {string} page path of a Markdown file
 * @returns {string[]} problems
 */
export function checkProofs(root, page) {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(ROW)].flatMap((row) => {
    const [tests, number = ''] = row
    const line = text.slice(0, row.index).split('\n').length
    const links = [...tests.matchAll(TESTS)].map(([, link = '']) => link)
    // What is not there is told with the other links.
    const without = links.filter((link) => existsSync(pathOf(page, link)) && !names(pathOf(page, link), number))
    return without.map((link) => `${relative(root, page)}:${line}: ${link} has no test that is named ${number}`)
  })
}

/** @param {string} page @param {string} link */
function pathOf(page, link) {
  return join(dirname(page), link)
}

/** @param {string} path @param {string} number */
function names(path, number) {
  return new RegExp(`\\b${number}\\b`).test(readFileSync(path, 'utf8'))
}
