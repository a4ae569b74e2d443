import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { readMarkdown } from './read-markdown.js'

const INLINE_CODE = /(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g
const LINKS = [
  /\]\(\s*<?([^\s)<>]+)>?(?:\s+["'(][^)]*)?\)/g,
  /^ {0,3}\[[^\]]+\]:\s*<?([^\s<>]+)>?/gm,
  /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"\s]+)"/g,
]
const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i

/**
 * Checks that what a page links to in this repository is there: files, folders, and headings of pages.
 *
 * @param {string} root of the repository
 * @param {string} page path of a Markdown file
 * @returns {string[]} problems
 */
export function checkLinks(root, page) {
  const { text } = readMarkdown(readFileSync(page, 'utf8'))
  const prose = text.replace(INLINE_CODE, (code) => code.replace(/[^\n]/g, ' '))
  const links = LINKS.flatMap((pattern) => [...prose.matchAll(pattern)])
  return links.flatMap((match) => {
    const problem = ELSEWHERE.test(match[1] ?? '') ? null : problemOf(root, page, match[1] ?? '')
    const line = prose.slice(0, match.index).split('\n').length
    return problem === null ? [] : [`${relative(root, page)}:${line}: ${problem}`]
  })
}

/** @param {string} root @param {string} page @param {string} link */
function problemOf(root, page, link) {
  const [path = '', anchor] = link.split('#').map(decodeURIComponent)
  // A leading slash means the root of the repository where pages are shown.
  const target = path === '' ? page : join(path.startsWith('/') ? root : dirname(page), path)
  if (relative(root, target).startsWith('..')) return `links to ${link}, which is outside of the repository`
  if (!existsSync(target)) return `links to ${link}, which is not there`
  if (anchor === undefined || !target.endsWith('.md') || statSync(target).isDirectory()) return null
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? null : `links to ${link}, but there is no such heading`
}

/**
 * The anchors of a page's headings as GitHub and npm make them, and those written out in HTML.
 *
 * @param {string} source
 */
function anchorsOf(source) {
  const { text, headings } = readMarkdown(source)
  const anchors = new Set([...text.matchAll(/<[^>]+\b(?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? ''))
  for (const heading of headings) {
    const slug = slugOf(heading)
    let unique = slug
    for (let count = 1; anchors.has(unique); count++) unique = `${slug}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** @param {string} heading */
function slugOf(heading) {
  const shown = heading.replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1').replace(/<[^>]*>/g, '')
  const kept = shown.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\s-]/gu, '')
  return kept.trim().replace(/\s/g, '-')
}
