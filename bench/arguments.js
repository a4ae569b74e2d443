import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ScriptError } from '../scripts/run/script-error.js'
import { suites } from './suites.js'

/** @typedef {import('./peers/locker.js').Subject} Subject */

/** All suites, one after the other, in one report. */
const ALL = 'all'

/**
 * What is measured on the same servers.
 *
 * @typedef {object} Part
 * @property {string} suite
 * @property {import('./suites.js').Work[]} works
 * @property {Subject[]} subjects
 *
 * What the command line asks for.
 *
 * @typedef {object} Wanted
 * @property {Part[]} parts
 * @property {boolean} isReport whether the JSON is a report of all, instead of a list of figures
 * @property {'full' | 'quick' | 'brief'} kind brief: a quick run of all
 * @property {number | null} rounds null: as the work has it
 * @property {number | null} seconds
 * @property {number | null} postgres a major version
 * @property {string | null} json an absolute path
 * @property {string | null} html an absolute path
 */

const HEAD = `npm run bench -- SUITE [options]

Measures in one run, on servers of its own, and prints ratios of medians. Nothing is asserted.
`

const OPTIONS = `
  --quick            shorter rounds and fewer of them: fewer waiters, jobs and kills
  --work NAME        only this one; may be repeated
  --subject NAME     only this one; may be repeated
  --rounds N         rounds of each work; of takeover and rescue: kills
  --seconds N        how long horizon holds the vacuum horizon (default 600; with --quick 20, of queue 30; of all 6)
  --postgres MAJOR   a local installation instead of the PostgreSQL from npm
  --json FILE        writes a list of { work, subject, median, min, max, unit }; of all a report of everything
  --html FILE        writes the same as a page
  --help`

const ABOUT_ALL = `  ${ALL.padEnd(18)} all of them in one report; --quick takes about two minutes, with two rounds of most`

export const HELP = [HEAD, ...Object.keys(suites).map(describeSuite), ABOUT_ALL, OPTIONS].join('\n')

/**
 * @param {string[]} args
 * @returns {Wanted | null} null: help is wanted
 * @throws {ScriptError} saying what cannot be and what there is
 */
export function parseArguments(args) {
  const { values, positionals } = parse(args)
  if (values.help) return null
  const [suite, ...more] = positionals
  const names = [...Object.keys(suites), ALL]
  if (suite === undefined) throw wrong(`name what to measure: ${names.join(' ')}`)
  if (!names.includes(suite))
    throw wrong(`there is nothing to measure by the name "${suite}", only ${names.join(', ')}`)
  if (more.length > 0) throw wrong(`"${more[0]}" is one word too many; works are named by --work`)
  const isAll = suite === ALL
  const isQuick = values.quick ?? false
  return {
    parts: partsOf(isAll ? Object.keys(suites) : [suite], values),
    isReport: isAll,
    kind: isQuick ? (isAll ? 'brief' : 'quick') : 'full',
    rounds: wholeNumber(values.rounds, '--rounds'),
    seconds: wholeNumber(values.seconds, '--seconds'),
    postgres: wholeNumber(values.postgres, '--postgres'),
    json: writable(values.json, '--json'),
    html: writable(values.html, '--html'),
  }
}

/**
 * @param {string[]} names of suites
 * @param {{ work?: string[], subject?: string[] }} given
 * @returns {Part[]}
 */
function partsOf(names, given) {
  const all = names.flatMap((name) => suites[name]?.works ?? [])
  const workNames = [...new Set(all.map(({ name }) => name))]
  const works = oneOf(given.work ?? workNames, workNames, '--work')
  const subjects = oneOf(given.subject ?? subjectsOf(all), subjectsOf(all), '--subject')
  const parts = names.map((suite) => {
    const chosen = (suites[suite]?.works ?? []).filter(({ name }) => works.includes(name))
    return { suite, works: chosen, subjects: subjectsOf(chosen).filter((subject) => subjects.includes(subject)) }
  })
  return parts.filter((part) => part.works.length > 0 && part.subjects.length > 0)
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
        html: { type: 'string' },
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
 * @param {string} option
 */
function writable(file, option) {
  if (file === undefined) return null
  const path = resolve(file)
  if (!existsSync(dirname(path))) throw wrong(`${option} ${file}: there is no folder ${dirname(path)}`)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw wrong(`${option} ${file} is a folder; name a file`)
  return path
}

/** @param {string} message */
function wrong(message) {
  return new ScriptError(`${message}\n(npm run bench -- --help says what there is)`, 2)
}
