import { parseArgs } from 'node:util'
import { ScriptError } from '../run/script-error.js'
import { modes } from './modes.js'

/** @typedef {import('./modes.js').Mode} Mode */

/**
 * Null: help was asked for, and is `usage()`.
 *
 * @param {string[]} args
 * @returns {{ mode: string, options: Record<string, unknown> } | null}
 */
export function readOptions(args) {
  const [name = '', ...rest] = args
  const mode = Object.hasOwn(modes, name) ? modes[name] : undefined
  if (args.includes('--help') || args.includes('-h')) return null
  if (mode === undefined)
    throw new ScriptError(`what to soak? There are: ${Object.keys(modes).join(', ')}\n\n${usage()}`)
  const values = parse(mode, rest)
  /** @type {Record<string, unknown>} */
  const options = {}
  for (const [option, range] of Object.entries(mode.numbers))
    options[camelCase(option)] = readNumber(option, values[option], range)
  for (const [option, { of }] of Object.entries(mode.choices))
    options[camelCase(option)] = readChoice(option, values[option], of)
  for (const option of Object.keys(mode.flags)) options[camelCase(option)] = values[option] === true
  return { mode: name, options }
}

export function usage() {
  const parts = Object.entries(modes).map(([name, { says, does, numbers, choices, flags }]) => {
    const options = [
      ...Object.entries(numbers).map(([option, { says: what, usual }]) => [
        `--${option} N`,
        usual === undefined ? what : `${what}; default ${usual}`,
      ]),
      ...Object.entries(choices).map(([option, { says: what, of }]) => [
        `--${option} ${of.join('|')}`,
        `${what}; default ${of[0]}`,
      ]),
      ...Object.entries(flags).map(([flag, what]) => [`--${flag}`, what]),
    ]
    const lines = options.map(([option = '', what]) => `  ${option.padEnd(36)} ${what}`)
    return `npm run soak -- ${name}: ${says}\n\n${does}\n\n${lines.join('\n')}`
  })
  return parts.join('\n\n')
}

/** @param {Mode} mode @param {string[]} args @returns {Record<string, string | boolean | undefined>} */
function parse({ numbers, choices, flags }, args) {
  const texts = [...Object.keys(numbers), ...Object.keys(choices)].map((name) => [name, { type: 'string' }])
  const booleans = Object.keys(flags).map((name) => [name, { type: 'boolean' }])
  try {
    const { values } = parseArgs({ args, options: Object.fromEntries([...texts, ...booleans]) })
    return /** @type {Record<string, string | boolean | undefined>} */ (values)
  } catch (error) {
    throw new ScriptError(`${error.message}\n\n${usage()}`)
  }
}

/** @param {string} name @param {string | boolean | undefined} text @param {import('./modes.js').NumberOption} range */
function readNumber(name, text, { least, most, usual }) {
  if (text === undefined) return usual ?? (name === 'seed' ? Math.floor(Math.random() * most) : null)
  const number = Number(text)
  if (/^\d+$/.test(String(text)) && number >= least && number <= most) return number
  throw new ScriptError(`--${name} must be a whole number from ${least} to ${most}; got '${text}'`)
}

/** @param {string} name @param {string | boolean | undefined} text @param {string[]} of */
function readChoice(name, text, of) {
  if (text === undefined) return of[0]
  if (of.includes(String(text))) return text
  throw new ScriptError(`--${name} must be one of ${of.join(', ')}; got '${text}'`)
}

/** @param {string} name */
function camelCase(name) {
  return name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())
}
