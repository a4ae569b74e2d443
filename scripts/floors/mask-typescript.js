// After one of these a slash begins a regular expression, not a division.
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete|await|yield|throw))\s*$/
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y
const PLAIN = /[^'"`/{}\n]+|[\s\S]/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y
const TEMPLATE_TEXT = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y

/**
 * Replaces what is not code, so that plain patterns can search the rest: comments become blanks, a string becomes its
 * number in `strings` between double quotes, the text of a template vanishes. Line breaks stay where they are.
 *
 * @param {string} source
 * @returns {{ code: string, strings: string[] }}
 */
export function maskTypescript(source) {
  /** @type {State} */
  const state = { source, at: 0, code: '', strings: [], braces: [] }
  while (state.at < source.length) step(state)
  return { code: state.code, strings: state.strings }
}

/**
 * `braces` holds what each open brace belongs to: a block, or the hole of a template that goes on after it.
 *
 * @typedef {{ source: string, at: number, code: string, strings: string[], braces: ('block' | 'hole')[] }} State
 */

/** @param {State} state */
function step(state) {
  const comment = take(state, COMMENT)
  const string = comment || take(state, STRING)
  if (comment) state.code += linesOf(comment) || ' '
  else if (string) state.code += `"${state.strings.push(string.slice(1, -1)) - 1}"${linesOf(string)}`
  else if (BEFORE_REGEX.test(state.code.slice(-40)) && take(state, REGEX)) state.code += '0'
  else codePiece(state)
}

/** @param {State} state */
function codePiece(state) {
  const piece = take(state, PLAIN)
  state.code += piece === '`' ? '(' : piece
  if (piece === '{') state.braces.push('block')
  if (piece === '`' || (piece === '}' && state.braces.pop() === 'hole')) template(state)
}

/**
 * Passes a template's text up to its end or to its next hole, whose code is read like any other.
 *
 * @param {State} state
 */
function template(state) {
  state.code += linesOf(take(state, TEMPLATE_TEXT))
  const isHole = state.source[state.at] === '$'
  state.at += isHole ? 2 : 1
  state.code += isHole ? '{' : ')'
  if (isHole) state.braces.push('hole')
}

/** @param {State} state @param {RegExp} pattern sticky */
function take(state, pattern) {
  pattern.lastIndex = state.at
  const text = pattern.exec(state.source)?.[0] ?? ''
  state.at += text.length
  return text
}

/** @param {string} text */
function linesOf(text) {
  return '\n'.repeat(text.split('\n').length - 1)
}
