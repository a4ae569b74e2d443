import { findCircles } from './find-circles.js'
import { FRONT_DOOR, FRONT_DOOR_FILES } from './plan.js'

/**
 * @typedef {import('./read-package.js').SourceFile} SourceFile
 * @typedef {import('./read-package.js').Resolved} Resolved
 * @typedef {(typeof import('./plan.js').plans)[string]} Plan
 */

/**
 * Who imports whom: down only, foreign packages only where they belong, never in a circle.
 *
 * @param {SourceFile[]} files of one package
 * @param {Plan} plan
 * @returns {string[]} problems
 */
export function checkImports(files, plan) {
  const known = new Set(files.map(({ path }) => path))
  const single = files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const problem =
        found.target === null ? foreignProblem(file, found, plan) : ownProblem(file, found.target, plan, known)
      return problem === null ? [] : [`${file.path}:${found.line}: ${problem}`]
    }),
  )
  const graph = new Map(files.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]))
  return [...single, ...findCircles(graph).map((circle) => `${circle[0]}: import circle ${circle.join(' -> ')}`)]
}

/** @param {string} path @param {Plan} plan */
export function roomOf(path, { floors }) {
  return floors && path.includes('/') ? path.slice(0, path.indexOf('/')) : FRONT_DOOR
}

/** @param {SourceFile} file @param {Resolved} found @param {Plan} plan */
function foreignProblem(file, { specifier }, plan) {
  const roomName = roomOf(file.path, plan)
  const room = plan.rooms[roomName]
  if (specifier === null) return room?.computed ? null : 'imports something computed; say what, or this check is blind'
  if (specifier.startsWith('node:')) return null
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (room === undefined || room.foreign.includes(name)) return null
  const owners = Object.keys(plan.rooms).filter((other) => plan.rooms[other]?.foreign.includes(name))
  const instead = owners.length > 0 ? `only ${owners.join(' and ')} may` : 'it may use node: built-ins'
  return `${roomName} imports the package ${name}; ${instead}`
}

/** @param {SourceFile} file @param {string} target @param {Plan} plan @param {Set<string>} known */
function ownProblem(file, target, plan, known) {
  if (target.startsWith('../')) return `imports ${target}, which is outside of src`
  if (!known.has(target)) return `imports ${target}, which is not there (specifiers end in .ts)`
  const from = roomOf(file.path, plan)
  if (plan.floors && target === 'index.ts') return from === 'cli' ? null : 'imports index.ts, which only cli may'
  const to = roomOf(target, plan)
  const room = plan.rooms[from]
  if (room === undefined || from === to || room.rooms.includes(to)) return null
  if (from === 'cli') return `cli imports ${target}; it uses the library through ${FRONT_DOOR_FILES[0]}`
  const direction = plan.rooms[to]?.rooms.includes(from) ? 'upward' : 'sideways'
  return `${from} imports ${direction} from ${to} (${target})`
}
