const PLAIN = /[^'"$/\-eE\n]+|[\s\S]/y
const COMMENT = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
// An escape string takes its E with it: it is no upper-case word.
const STRING = /\b[eE]'(?:\\[\s\S]|''|[^'\\])*'?|'(?:''|[^'])*'?/y
const IDENTIFIER = /"(?:""|[^"])*"?/y
const DOLLARS = /\$(?:[a-z_]\w*)?\$/iy

/**
 * Replaces what is not code, so that plain patterns can search the rest: comments become blanks, strings `''`, quoted
 * identifiers `""`. A dollar-quoted body is code and stays; only its delimiters vanish. Line breaks stay where they are.
 *
 * @param {string} source
 * @returns {{ code: string, outside: string }} `outside` is the code without the bodies
 */
export function maskSql(source) {
  let at = 0
  let code = ''
  let outside = ''
  let quote = ''
  const take = (/** @type {RegExp} */ pattern) => {
    pattern.lastIndex = at
    const text = pattern.exec(source)?.[0] ?? ''
    at += text.length
    return text
  }
  const keep = (/** @type {string} */ text) => {
    code += text
    outside += quote ? linesOf(text) : text
  }
  while (at < source.length) {
    const comment = take(COMMENT)
    const string = comment || take(STRING)
    const identifier = string || take(IDENTIFIER)
    const dollars = identifier || take(DOLLARS)
    if (comment) keep(linesOf(comment) || ' ')
    else if (string) keep(`''${linesOf(string)}`)
    else if (identifier) keep(`""${linesOf(identifier)}`)
    else if (dollars && (quote === '' || quote === dollars)) quote = quote ? '' : dollars
    else keep(dollars || take(PLAIN))
  }
  return { code, outside }
}

/** @param {string} text */
function linesOf(text) {
  return '\n'.repeat(text.split('\n').length - 1)
}
