import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { readMarkdown } from './read-markdown.js'

const GIVEN = 'given'
const HERE = '…'
const OUTPUT = 'text'

/** What a block needs that imports clients of PostgreSQL: only the tests install these. */
export const CLIENTS = 'clients'

/**
 * A block of a page as it is compiled and run. `text` is what is given with the block in it, of which `before` lines stand
 * before the block's own; `line` is that of the block's first line on its page.
 *
 * @typedef {object} Snippet
 * @property {string} page
 * @property {number} line
 * @property {string} language
 * @property {string} text
 * @property {number} before
 * @property {number} length of the block, in lines
 * @property {string | undefined} noCheck why it is not even compiled
 * @property {string | undefined} noRun why it is not run
 * @property {readonly string[]} needs programs, and the packages {@link CLIENTS}, that may not be installed
 * @property {string | undefined} prints what the page says it prints
 */

/**
 * @param {string} root
 * @param {string} page path of a Markdown file
 * @returns {Snippet[]}
 */
export function readSnippets(root, page) {
  const { blocks } = readMarkdown(readFileSync(page, 'utf8'))
  return blocks.flatMap((block, at) => {
    if (block.language === '' || block.language === OUTPUT) return []
    const next = blocks[at + 1]
    const noCheck = said(block.comments, 'no-check')
    return {
      page: relative(root, page),
      line: block.line,
      language: block.language,
      ...withGiven(block.code, said(block.comments, GIVEN)),
      noCheck,
      noRun: noCheck ?? said(block.comments, 'no-run'),
      needs: said(block.comments, 'needs')?.split(/\s+/) ?? [],
      prints: next?.language === OUTPUT ? next.code : undefined,
    }
  })
}

/**
 * The block stands where what is given has a line of only `…`, else after it.
 *
 * @param {string} code @param {string | undefined} given
 */
function withGiven(code, given) {
  const length = code.split('\n').length
  if (given === undefined) return { text: code, before: 0, length }
  const lines = given.split('\n')
  const here = lines.findIndex((line) => line.trim() === HERE)
  const before = here === -1 ? lines : lines.slice(0, here)
  const after = here === -1 ? [] : lines.slice(here + 1)
  return { text: [...before, code, ...after].join('\n'), before: before.length, length }
}

/**
 * What the comments before a block say under a word; of several all lines.
 *
 * @param {string[]} comments @param {string} word
 */
function said(comments, word) {
  const found = comments.filter((comment) => comment.startsWith(`${word}:`))
  return found.length === 0 ? undefined : found.map((comment) => comment.slice(word.length + 1).trim()).join('\n')
}
