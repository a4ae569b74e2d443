/**
 * What each subject is measured through.
 *
 * @typedef {'fencepost' | 'raw pg' | 'redis' | 'redlock'} LockSubject
 * @typedef {keyof typeof import('../queues/settings.js').settings} QueueSubject
 * @typedef {LockSubject | QueueSubject | 'plain'} Subject
 *
 * The first of `redis` stands alone, the others are redlock's; each setting of BullMQ has a server of its own.
 * @typedef {{ postgres: string, redis: number[], bullmq: Partial<Record<QueueSubject, number>> }} Endpoints
 *
 * @typedef {() => Promise<unknown>} Release
 *
 * @typedef {object} Locker
 * @property {(index: number) => Promise<Release>} lock waits for the lock with this number
 * @property {(tell: () => void) => void} [onStanding] calls back each time a caller has got into the line, in the order of the calls
 * @property {() => Promise<unknown>} close
 */

/** Loaded one by one, as some need packages that are not always installed. @type {Record<string, () => Promise<(endpoints: Endpoints) => Promise<Locker>>>} */
const openers = {
  fencepost: async () => (await import('./fencepost.js')).openFencepost,
  'raw pg': async () => (await import('./raw-pg.js')).openRawPg,
  redis: async () => (await import('./redis.js')).openRedis,
  redlock: async () => (await import('./redlock.js')).openRedlock,
}

/** @param {Subject} subject @param {Endpoints} endpoints */
export async function openLocker(subject, endpoints) {
  const open = await openers[subject]?.()
  if (open === undefined) throw new Error(`${subject} is no locker`)
  return await open(endpoints)
}
