import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CONTENDER_NAMES, isPath } from '../contenders/all.ts'
import { FAULTS } from '../faults/all.ts'
import { LARGEST_SEED } from '../history/seed.ts'
import type { Trial } from '../rounds/plan.ts'

/** What the command line asks for. */
export interface Wanted {
  /** Names of ours, and absolute paths. */
  readonly contenders: readonly string[]
  readonly trials: readonly Trial[]
  readonly rounds: number
  readonly firstSeed: number
  readonly json: string | null
  readonly html: string | null
}

const QUICK_FAULTS = ['nothing', 'freeze', 'kill', 'terminate', 'clock-3']
const ROUNDS = { quick: 4, full: 20 }
const MOST_ROUNDS = 1000

export const HELP = `npm run lab -- [options]        in a project: npx fencepost lab [options]

Breaks locks, on real servers of its own, and counts in a ledger what was paid twice.

  --quick              a few faults, ${ROUNDS.quick} rounds each, about two minutes (default)
  --full               every fault at every moment, ${ROUNDS.full} rounds each, about 20 minutes
  --contender NAME     only this one; may be repeated. A path (./my-lock.mjs) adds a lock of yours: docs/lab.md
  --fault NAME         only this one, e.g. freeze or freeze:after-check; may be repeated
  --rounds N           rounds of each fault at each moment, 1 to ${MOST_ROUNDS}
  --seed N             of the first round, the next has N + 1: with --rounds 1 it plays that round again
  --json FILE          all figures, and the history of every round
  --html FILE          one page with the figures and drawn histories
  --help

contenders  ${CONTENDER_NAMES.join(' ')}
faults
${FAULTS.map(({ name, about, moments }) => `  ${name.padEnd(14)} ${about}\n  ${''.padEnd(14)} at ${moments.join(', ')}`).join('\n')}

Example:
  npx fencepost lab --quick --html lab.html
`

/**
 * @returns null if help is wanted
 * @throws {TypeError} saying what cannot be and what there is
 */
export function parseArguments(args: readonly string[]): Wanted | null {
  const values = parse(args)
  if (values.help) return null
  if (values.quick && values.full) throw wrong('--quick and --full exclude each other')
  const isFull = values.full === true
  return {
    contenders: contendersOf(values.contender),
    trials: trialsOf(values.fault, isFull),
    rounds: wholeNumber(values.rounds, '--rounds', MOST_ROUNDS) ?? (isFull ? ROUNDS.full : ROUNDS.quick),
    firstSeed: wholeNumber(values.seed, '--seed', LARGEST_SEED) ?? Math.ceil(Math.random() * 1_000_000),
    json: writable(values.json, '--json'),
    html: writable(values.html, '--html'),
  }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        full: { type: 'boolean' },
        contender: { type: 'string', multiple: true },
        fault: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'string' },
        html: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return values
  } catch (error) {
    throw wrong((error as Error).message)
  }
}

/** All of ours unless some are named, in our order; files come first. */
function contendersOf(given: readonly string[] | undefined): string[] {
  if (given === undefined) return CONTENDER_NAMES
  const paths = [...new Set(given.filter(isPath).map((path) => resolve(path)))]
  const missing = paths.find((path) => !existsSync(path))
  if (missing !== undefined) throw wrong(`--contender: there is no file ${missing}`)
  const unknown = given.find((name) => !isPath(name) && !CONTENDER_NAMES.includes(name))
  if (unknown !== undefined) {
    throw wrong(`--contender "${unknown}": there are ${CONTENDER_NAMES.join(', ')}, or a file: ./my-lock.mjs`)
  }
  return [...paths, ...CONTENDER_NAMES.filter((name) => given.includes(name))]
}

function trialsOf(given: readonly string[] | undefined, isFull: boolean): Trial[] {
  const all = FAULTS.flatMap((fault) => fault.moments.map((moment) => ({ fault, moment })))
  if (given === undefined) return isFull ? all : all.filter(isQuick)
  for (const name of given) {
    if (!all.some((trial) => isNamed(trial, name))) {
      throw wrong(
        `--fault "${name}": there are ${FAULTS.map((fault) => fault.name).join(', ')}; --help tells their moments`,
      )
    }
  }
  return all.filter((trial) => given.some((name) => isNamed(trial, name)))
}

/** The freeze at each of its moments, of the others the first. */
function isQuick({ fault, moment }: Trial): boolean {
  return QUICK_FAULTS.includes(fault.name) && (fault.name === 'freeze' || moment === fault.moments[0])
}

function isNamed({ fault, moment }: Trial, name: string): boolean {
  return name === fault.name || name === `${fault.name}:${moment}`
}

function wholeNumber(text: string | undefined, option: string, most: number): number | null {
  if (text === undefined) return null
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number >= 1 && number <= most) return number
  throw wrong(`${option} must be a whole number from 1 to ${most}, not "${text}"`)
}

/** Before anything is tried: a run may take long. */
function writable(file: string | undefined, option: string): string | null {
  if (file === undefined) return null
  const path = resolve(file)
  if (!existsSync(dirname(path))) throw wrong(`${option} ${file}: there is no folder ${dirname(path)}`)
  const isThere = existsSync(path)
  if (isThere && statSync(path).isDirectory()) throw wrong(`${option} ${file} is a folder; name a file`)
  try {
    accessSync(isThere ? path : dirname(path), constants.W_OK)
  } catch (error) {
    throw wrong(`${option} ${file} cannot be written: ${(error as NodeJS.ErrnoException).code}`)
  }
  return path
}

function wrong(message: string): TypeError {
  return new TypeError(`${message} (--help says what there is)`)
}
