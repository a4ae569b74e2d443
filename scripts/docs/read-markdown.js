const FENCE = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)/
const COMMENT = /<!--([\s\S]*?)-->/g
const HEADING = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/

/**
 * A fenced block: `line` is that of its first line of code, `comments` are the HTML comments directly before it.
 *
 * @typedef {{ language: string, line: number, code: string, comments: string[] }} Block
 * @typedef {{ text: string, blocks: Block[], headings: string[] }} Markdown `text` has its blocks blanked, line by line
 */

/**
 * @param {string} source
 * @returns {Markdown}
 */
export function readMarkdown(source) {
  const lines = source.split(/\r?\n/)
  /** @type {Block[]} */
  const blocks = []
  /** @type {string[]} */
  const prose = []
  let sinceBlock = 0
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at] ?? '')
    if (!fence) {
      prose.push(lines[at] ?? '')
      continue
    }
    const end = closingLine(lines, at, fence[2] ?? '')
    const indent = new RegExp(`^\\s{0,${fence[1]?.length ?? 0}}`)
    const code = lines.slice(at + 1, end).map((line) => line.replace(indent, ''))
    blocks.push({
      language: fence[3] ?? '',
      line: at + 2,
      code: code.join('\n'),
      comments: commentsBefore(prose.slice(sinceBlock)),
    })
    prose.push(...lines.slice(at, end + 1).map(() => ''))
    at = end
    sinceBlock = prose.length
  }
  const headings = prose.flatMap((line) => HEADING.exec(line)?.[1] ?? [])
  return { text: prose.join('\n'), blocks, headings }
}

/** @param {string[]} lines @param {number} start @param {string} fence */
function closingLine(lines, start, fence) {
  const closes = new RegExp(`^\\s*\\${fence[0]}{${fence.length},}\\s*$`)
  const found = lines.findIndex((line, at) => at > start && closes.test(line))
  return found === -1 ? lines.length : found
}

/** @param {string[]} prose */
function commentsBefore(prose) {
  const text = prose.join('\n')
  const trailing = /(?:<!--(?:(?!-->)[\s\S])*-->\s*)+$/.exec(text)?.[0] ?? ''
  return [...trailing.matchAll(COMMENT)].map((match) => (match[1] ?? '').trim())
}
