/**
 * What each subject is measured through.
 *
 * @typedef {'fencepost' | 'raw pg' | 'redis' | 'redlock' | 'plain'} Subject
 *
 * The first of `redis` stands alone, the others are redlock's.
 * @typedef {{ postgres: string, redis: number[] }} Endpoints
 *
 * @typedef {() => Promise<unknown>} Release
 *
 * @typedef {object} Locker
 * @property {(index: number) => Promise<Release>} lock waits for the lock with this number
 * @property {(tell: () => void) => void} [onStanding] calls back each time a caller has got into the line, in the order of the calls
 * @property {() => Promise<unknown>} close
 */

/** Loaded one by one, as some need packages that are not always installed. @type {Record<Exclude<Subject, 'plain'>, () => Promise<(endpoints: Endpoints) => Promise<Locker>>>} */
const openers = {
  fencepost: async () => (await import('./fencepost.js')).openFencepost,
  'raw pg': async () => (await import('./raw-pg.js')).openRawPg,
  redis: async () => (await import('./redis.js')).openRedis,
  redlock: async () => (await import('./redlock.js')).openRedlock,
}

/** @param {Exclude<Subject, 'plain'>} subject @param {Endpoints} endpoints */
export async function openLocker(subject, endpoints) {
  const open = await openers[subject]()
  return await open(endpoints)
}
