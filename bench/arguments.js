import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ScriptError } from '../scripts/run/script-error.js'
import { suites } from './suites.js'

/** @typedef {import('./peers/locker.js').Subject} Subject */

/**
 * What the command line asks for.
 *
 * @typedef {object} Wanted
 * @property {import('./suites.js').Work[]} works
 * @property {Subject[]} subjects
 * @property {boolean} isQuick
 * @property {number | null} rounds null: as the work has it
 * @property {number | null} seconds
 * @property {number | null} postgres a major version
 * @property {string | null} json an absolute path
 */

const HEAD = `npm run bench -- SUITE [options]

Measures in one run, on servers of its own, and prints ratios of medians. Nothing is asserted.
`

const OPTIONS = `
  --quick            shorter rounds and fewer of them: fewer waiters, jobs and kills
  --work NAME        only this one; may be repeated
  --subject NAME     only this one; may be repeated
  --rounds N         rounds of each work; of takeover and rescue: kills
  --seconds N        how long horizon holds the vacuum horizon (default 600; with --quick 20, of queue 30)
  --postgres MAJOR   a local installation instead of the PostgreSQL from npm
  --json FILE        writes a list of { work, subject, median, min, max, unit }
  --help`

export const HELP = [HEAD, ...Object.keys(suites).map(describeSuite), OPTIONS].join('\n')

/**
 * @param {string[]} args
 * @returns {Wanted | null} null: help is wanted
 * @throws {ScriptError} saying what cannot be and what there is
 */
export function parseArguments(args) {
  const { values, positionals } = parse(args)
  if (values.help) return null
  const [suite, ...more] = positionals
  if (suite === undefined) throw wrong(`name what to measure: ${Object.keys(suites).join(' ')}`)
  const works = suites[suite]?.works
  if (works === undefined)
    throw wrong(`there is nothing to measure by the name "${suite}", only ${Object.keys(suites).join(', ')}`)
  if (more.length > 0) throw wrong(`"${more[0]}" is one word too many; works are named by --work`)
  const names = works.map(({ name }) => name)
  const chosen = oneOf(values.work ?? names, names, '--work')
  const subjects = subjectsOf(works)
  return {
    works: works.filter(({ name }) => chosen.includes(name)),
    subjects: oneOf(values.subject ?? subjects, subjects, '--subject'),
    isQuick: values.quick ?? false,
    rounds: wholeNumber(values.rounds, '--rounds'),
    seconds: wholeNumber(values.seconds, '--seconds'),
    postgres: wholeNumber(values.postgres, '--postgres'),
    json: writable(values.json),
  }
}

/** @param {string} suite */
function describeSuite(suite) {
  const { about = '', works = [] } = suites[suite] ?? {}
  const subjects = subjectsOf(works).map((subject) => (subject.includes(' ') ? `"${subject}"` : subject))
  return [
    `  ${suite.padEnd(18)} ${about}`,
    `    works            ${works.map(({ name }) => name).join(' ')}`,
    `    subjects         ${subjects.join(' ')}`,
  ].join('\n')
}

/** @param {import('./suites.js').Work[]} works */
function subjectsOf(works) {
  return [...new Set(works.flatMap(({ subjects }) => subjects))]
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        work: { type: 'string', multiple: true },
        subject: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        postgres: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw wrong(error.message)
  }
}

/**
 * @template {string} Name
 * @param {string[]} given
 * @param {Name[]} there
 * @param {string} option
 */
function oneOf(given, there, option) {
  const unknown = given.find((name) => !there.some((known) => known === name))
  if (unknown !== undefined) throw wrong(`${option} "${unknown}": there are ${there.join(', ')}`)
  return there.filter((name) => given.includes(name))
}

/** @param {string | undefined} text @param {string} option */
function wholeNumber(text, option) {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,5}$/.test(text)) throw wrong(`${option} must be a whole number from 1 to 999999, not "${text}"`)
  return Number(text)
}

/**
 * Before anything is measured: a run may take a quarter of an hour.
 *
 * @param {string | undefined} file
 */
function writable(file) {
  if (file === undefined) return null
  const path = resolve(file)
  if (!existsSync(dirname(path))) throw wrong(`--json ${file}: there is no folder ${dirname(path)}`)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw wrong(`--json ${file} is a folder; name a file`)
  return path
}

/** @param {string} message */
function wrong(message) {
  return new ScriptError(`${message}\n(npm run bench -- --help says what there is)`, 2)
}
