import { type Duration, parseDuration } from '../ground/duration.ts'
import type { Job } from '../queue/job.ts'
import { checkQueue } from '../queue/queue-name.ts'

export interface WorkerOptions {
  /**
   * How many jobs run at once, 1 to 10,000. Default 10. Each `job.transaction` takes a connection of the pool: give the pool as many (`max`;
   * the one that is made from a URL has 4). A transaction that finds none within the pool's connect timeout, 10 s, fails with a
   * `DatabaseUnreachableError`.
   */
  readonly concurrency?: number
  /** The first one first. Default: those of the jobs. */
  readonly queues?: readonly string[]
  /** Whether it is woken by NOTIFY. Default true; false: it asks once a second, and works behind a pooler that forgets LISTEN. */
  readonly listen?: boolean
  /** Signals of the process at which it stops. Default none. */
  readonly stopOn?: readonly NodeJS.Signals[]
  /** For how long running jobs are waited for when it stops. Default `'10s'`. */
  readonly grace?: Duration
  /** Told what goes wrong outside of jobs; the worker goes on. Default: a process warning. */
  readonly onError?: (error: Error) => void
}

/** Options as the worker takes them. */
export interface ParsedOptions {
  readonly concurrency: number
  readonly queues: readonly string[]
  readonly listens: boolean
  readonly stopOn: readonly NodeJS.Signals[]
  readonly graceMs: number
  readonly onError: (error: Error) => void
}

const KNOWN = ['concurrency', 'queues', 'listen', 'stopOn', 'grace', 'onError']
const MOST = 10_000

/** @throws {TypeError} for an option that does not exist or cannot be right, and for jobs that cannot be run. */
export function parseWorkerOptions(jobs: readonly Job[], options: WorkerOptions): ParsedOptions {
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) throw new TypeError(`unknown option '${option}'; there are ${KNOWN.join(', ')}`)
  }
  checkJobs(jobs)
  const { concurrency = 10, listen = true, stopOn = [], grace = '10s', onError = warn } = options
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST) {
    throw new TypeError(`concurrency must be a whole number from 1 to ${MOST}; got ${String(concurrency)}`)
  }
  if (typeof listen !== 'boolean') throw new TypeError(`listen must be true or false; got ${String(listen)}`)
  const queues = [...new Set(options.queues ?? jobs.map(({ queue = 'default' }) => queue))]
  queues.forEach(checkQueue)
  if (queues.length === 0) throw new TypeError('queues must not be empty')
  return { concurrency, queues, listens: listen, stopOn, graceMs: parseGrace(grace), onError }
}

export function parseGrace(grace: Duration): number {
  return parseDuration(grace, 'grace')
}

function checkJobs(jobs: readonly Job[]): void {
  if (!Array.isArray(jobs) || jobs.length === 0) throw new TypeError('a worker needs an array of jobs, at least one')
  const names = new Set<string>()
  for (const { name, run } of jobs) {
    if (typeof run !== 'function') throw new TypeError(`job '${name}' has no run function: a worker could not run it`)
    if (names.has(name)) throw new TypeError(`two jobs of one worker are called '${name}'`)
    names.add(name)
  }
}

function warn(error: Error): void {
  process.emitWarning(error.message, { type: 'FencepostWarning', code: 'FENCEPOST_WORKER' })
}
