/**
 * What each subject is measured through: a queue of jobs that carry a number.
 *
 * @typedef {import('../peers/locker.js').Endpoints} Endpoints
 * @typedef {import('../peers/locker.js').Subject} Subject
 *
 * Called once for each job.
 * @typedef {(number: number) => Promise<void> | void} Handler
 *
 * @typedef {object} JobQueue
 * @property {() => Promise<unknown>} prepare empties it; nobody works
 * @property {(number: number) => Promise<unknown>} enqueue done when the job is there to stay
 * @property {(numbers: number[]) => Promise<unknown>} enqueueBatch
 * @property {() => Promise<unknown>} [analyze] has the planner know what is there, as autovacuum would after a while: some of them are several times slower without
 * @property {(handler: Handler, concurrency: number) => Promise<() => Promise<unknown>>} work the result stops it
 * @property {() => Promise<boolean>} isDone whether no job waits, runs, or is done without that being written
 * @property {() => Promise<unknown>} close
 */

/** The name of the jobs, and of the queue where one is needed. */
export const NAME = 'noop'

/** Loaded one by one, as most need packages that are not always installed. @type {Record<string, () => Promise<(endpoints: Endpoints, subject: Subject) => Promise<JobQueue>>>} */
const openers = {
  fencepost: async () => (await import('./fencepost.js')).openFencepost,
  raw: async () => (await import('./raw.js')).openRaw,
  'graphile-worker': async () => (await import('./graphile-worker.js')).openGraphileWorker,
  'pg-boss': async () => (await import('./pg-boss.js')).openPgBoss,
  bullmq: async () => (await import('./bullmq.js')).openBullmq,
}

/** @param {Subject} subject of `graphile-worker batch` the opener is that of `graphile-worker` @param {Endpoints} endpoints */
export async function openQueue(subject, endpoints) {
  const [peer = ''] = subject.split(' ')
  const open = await openers[peer]?.()
  if (open === undefined) throw new Error(`${subject} is no queue`)
  return await open(endpoints, subject)
}
