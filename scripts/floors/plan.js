/**
 * What a room of a package may import besides itself: rooms of the package, and foreign packages besides `node:` ones.
 *
 * @typedef {{ rooms: string[], foreign: string[], computed?: boolean, subRooms?: boolean }} Room
 */

const SIDE_BY_SIDE = [
  'election',
  'eviction',
  'fences',
  'history',
  'once',
  'semaphore',
  'schedule',
  'single',
  'queue',
  'transactions',
  'redlock',
  'weblocks',
]
// Bottom to top. Rooms on one floor stand side by side and know nothing of each other.
const FLOORS = [
  ['ground'],
  ['wire'],
  ['postgres'],
  ['adapters', 'events', 'foreign', 'installation'],
  ['inspection'],
  ['fencing'],
  ['sessions'],
  ['line'],
  ['locks'],
  ['calls', 'results'],
  SIDE_BY_SIDE,
  ['migrations', 'providers'],
  ['attempts'],
  ['jobs', 'workers'],
  ['testing'],
  ['memory', 'testlock'],
]

/** @type {Record<string, string[]>} */
const FOREIGN = { wire: ['pg'], postgres: ['pg'], schedule: ['croner'] }

/** The files in src/ itself, which are the way into the package. */
export const FRONT_DOOR = 'front door'
export const FRONT_DOOR_FILES = ['index.ts', 'fencepost.ts', 'testing.ts', 'options.ts']

/** A package without floors is one room, its front door, of as many folders as it likes. */
const ONE_ROOM = { [FRONT_DOOR]: { rooms: [], foreign: [] } }

/** Bottom to top, each on a floor of its own, and what they use besides `node:` built-ins. */
const LAB_FLOORS = {
  history: [],
  verdict: [],
  processes: [],
  servers: ['pg', '@fencepost/dev-postgres'],
  contenders: ['fencepost'],
  faults: [],
  rounds: [],
  report: [],
  cli: [],
}

/** @type {Record<string, { floors: boolean, rooms: Record<string, Room> }>} */
export const plans = {
  fencepost: { floors: true, rooms: fencepostRooms() },
  'dev-postgres': { floors: false, rooms: ONE_ROOM },
  lab: { floors: true, rooms: labRooms() },
}

export const forbiddenNames = 'core common shared utils util helpers helper misc lib manager service'.split(' ')

/** @returns {Record<string, Room>} */
function fencepostRooms() {
  /** @type {Record<string, Room>} */
  const rooms = {}
  for (const [height, floor] of FLOORS.entries()) {
    const below = FLOORS.slice(0, height).flat()
    for (const name of floor) rooms[name] = { rooms: below, foreign: FOREIGN[name] ?? [] }
  }
  rooms['inspection'] = { rooms: [], foreign: [], ...rooms['inspection'], subRooms: true }
  rooms[FRONT_DOOR] = { rooms: FLOORS.flat(), foreign: [] }
  // It uses the library as its users do, through index.ts, and loads the modules its user names on the command line.
  // pg is for the demo's ledger, which is somebody's application and not ours, for dev's login, and for a pool that protect gives the library.
  rooms['cli'] = {
    rooms: ['ground'],
    foreign: ['commander', '@fencepost/dev-postgres', 'pg'],
    computed: true,
    subRooms: true,
  }
  return rooms
}

/** @returns {Record<string, Room>} */
function labRooms() {
  const floors = Object.entries(LAB_FLOORS)
  const rooms = floors.map(([name, foreign], height) => {
    const below = floors.slice(0, height).map(([lower]) => lower)
    // A lock of the user's own is a file that the command line names.
    return [name, { rooms: below, foreign, computed: name === 'contenders', subRooms: true }]
  })
  return { ...Object.fromEntries(rooms), [FRONT_DOOR]: { rooms: floors.map(([name]) => name), foreign: [] } }
}
