import { posix } from 'node:path'
import { roomOf } from './check-imports.js'
import { forbiddenNames, FRONT_DOOR, FRONT_DOOR_FILES } from './plan.js'

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/
const LONG_LINES = 200
const MAX_LINES = 300
const MAX_FILES = 10

/**
 * @typedef {import('./read-package.js').SourceFile} SourceFile
 * @typedef {import('./check-imports.js').Plan} Plan
 */

/**
 * What a file may be called, how long it may be, and how many may stand in a room.
 *
 * @param {SourceFile[]} files of one package
 * @param {Plan} plan
 * @returns {import('../run/report.js').Findings}
 */
export function checkSizes(files, plan) {
  const problems = files.flatMap((file) => [
    ...placeProblems(file, plan),
    ...nameProblems(file.path),
    ...fileProblems(file),
  ])
  const notes = files
    .filter(({ lines }) => lines > LONG_LINES && lines <= MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines; ${LONG_LINES} are the aim`)
  return { problems: [...problems, ...crowdedRooms(files, plan)], notes }
}

/** @param {SourceFile} file @param {Plan} plan */
function placeProblems({ path }, plan) {
  const room = roomOf(path, plan)
  if (!(room in plan.rooms)) return [`${path}: unknown room ${room}; the floors are in scripts/floors/plan.js`]
  if (!plan.floors || room !== FRONT_DOOR || FRONT_DOOR_FILES.includes(path)) return []
  return [`${path}: only ${FRONT_DOOR_FILES.join(' and ')} stand at the front door; put it into a room`]
}

/** @param {string} path */
function nameProblems(path) {
  const problems = KEBAB_CASE.test(posix.basename(path))
    ? []
    : [`${path}: a file is named in kebab-case and ends in .ts`]
  for (const part of path.replace(/\.\w+$/, '').split('/')) {
    // The last word is what a thing is: `lock-manager` is a manager.
    const noun = part.split('-').at(-1) ?? part
    if (forbiddenNames.includes(noun)) problems.push(`${path}: "${noun}" says nothing; name it after what it is`)
  }
  return problems
}

/** @param {SourceFile} file */
function fileProblems({ path, lines, onlyReexports }) {
  const problems = []
  if (lines > MAX_LINES) problems.push(`${path}: ${lines} lines; more than ${MAX_LINES} fail`)
  if (posix.basename(path) === 'index.ts' && !onlyReexports)
    problems.push(`${path}: index.ts re-exports and does nothing else`)
  return problems
}

/** @param {SourceFile[]} files @param {Plan} plan */
function crowdedRooms(files, plan) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { path } of files) {
    const room = roomOf(path, plan)
    const place = !plan.floors || plan.rooms[room]?.subRooms ? posix.dirname(path) : room
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  const crowded = [...counts].filter(([, count]) => count > MAX_FILES)
  return crowded.map(
    ([place, count]) => `${place === '.' ? 'src' : place}: ${count} files in one room; ${MAX_FILES} are the most`,
  )
}
