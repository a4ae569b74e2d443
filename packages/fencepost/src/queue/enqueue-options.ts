import type { AnyTransaction } from '../adapters/any-transaction.ts'
import { type Duration, parseDuration } from '../ground/duration.ts'
import { attemptsOf, checkKnown, checkPriority, parseKeep } from './define-job.ts'
import type { JobKind } from './job.ts'
import { queueNameOf } from './queue-name.ts'

type When =
  | { readonly delay?: Duration | undefined; readonly runAt?: undefined }
  | { readonly runAt: Date; readonly delay?: undefined }

/** What a job is enqueued with; each overrides what its definition says. */
interface Common {
  /** Your open transaction, of any client: the job is there iff it commits. */
  readonly tx?: AnyTransaction | undefined
  /** Smaller runs first. */
  readonly priority?: number | undefined
  /** Jobs of one group run in order, one at a time. 1 to 512 bytes. */
  readonly group?: string | undefined
  /** For how long it is kept once it is done, with its result. */
  readonly keep?: Duration | undefined
}

/**
 * `key`: 1 to 1024 bytes, unique among the jobs of this name that are not done. `onDuplicate` says what to do if there is one:
 * `'skip'` (default) leaves it as it is; `'replace'` gives the one that waits this payload, time, priority and group; `'debounce'`
 * gives it this payload and puts it off, to `delay` from now. If it runs already, the last two enqueue another one. `window`: none is
 * enqueued until so long after this one, whatever becomes of it.
 */
type Unique<Key> =
  | (When & { readonly key?: undefined; readonly onDuplicate?: undefined; readonly window?: undefined })
  | (When & { readonly key: Key; readonly onDuplicate?: 'skip' | undefined; readonly window?: Duration | undefined })
  | (When & { readonly key: Key; readonly onDuplicate: 'replace'; readonly window?: undefined })
  | {
      readonly key: Key
      readonly onDuplicate: 'debounce'
      readonly delay: Duration
      readonly runAt?: undefined
      readonly window?: undefined
    }

/** Of one job. `delay` (of the server's clock) and `runAt` exclude each other. */
export type EnqueueOptions = Common & Unique<string>
/** Of several jobs of a kind: the key is made of each payload. */
export type EnqueueManyOptions<Input = unknown> = Common & Unique<(payload: Input) => string>

/** All that a job is enqueued with but for its payload, its key and its group. */
export interface Terms {
  readonly jobName: string
  /** As the database calls it. */
  readonly queue: string
  readonly priority: number
  readonly attempts: number
  readonly keepMs: number | null
  readonly delayMs: number | null
  readonly runAt: string | null
  /** Whether its definition has limits over all workers. */
  readonly isLimited: boolean
  /** Null: it has no key. */
  readonly onDuplicate: 'skip' | 'replace' | 'debounce' | null
  readonly windowMs: number | null
  /** The same for terms that are the same: such jobs travel together. */
  readonly likeness: string
}

/** What both kinds of options are, once the compiler has seen to it. */
export interface AnyOptions extends Common {
  readonly delay?: Duration | undefined
  readonly runAt?: Date | undefined
  readonly key?: unknown
  readonly onDuplicate?: 'skip' | 'replace' | 'debounce' | undefined
  readonly window?: Duration | undefined
}

const KNOWN = 'tx delay runAt priority key onDuplicate window group keep'.split(' ')
const POLICIES = ['skip', 'replace', 'debounce']
/** No timer of this process counts these. */
const LONGEST_MS = 36_500 * 86_400_000

/** @throws {TypeError} for what is no job, for an option that does not exist, and for what cannot be right. */
export function parseTerms(job: JobKind, options: AnyOptions, namespace: string): Terms {
  if (typeof job?.name !== 'string') throw new TypeError('the first argument must be a job: what defineJob returns')
  checkKnown(options, KNOWN, 'enqueue')
  const { delay, runAt, priority = job.priority ?? 0, keep = job.keep } = options
  checkPriority(priority)
  if (delay !== undefined && runAt !== undefined)
    throw new TypeError('delay and runAt exclude each other; pass one of them')
  if (runAt !== undefined && !(runAt instanceof Date && Number.isFinite(runAt.getTime()))) {
    throw new TypeError(`runAt must be a valid Date; got ${String(runAt)}`)
  }
  const terms = {
    jobName: job.name,
    queue: queueNameOf(namespace, job.queue ?? 'default'),
    priority,
    attempts: attemptsOf(job),
    keepMs: keep === undefined ? null : parseKeep(keep),
    delayMs: delay === undefined ? null : parseDuration(delay, 'delay', LONGEST_MS),
    runAt: runAt?.toISOString() ?? null,
    isLimited: job.concurrency !== undefined || job.rate !== undefined,
    ...parsePolicy(options),
  }
  return { ...terms, likeness: JSON.stringify(Object.values(terms)) }
}

function parsePolicy({
  key,
  onDuplicate = 'skip',
  window,
  delay,
}: AnyOptions): Pick<Terms, 'onDuplicate' | 'windowMs'> {
  if (!POLICIES.includes(onDuplicate)) {
    throw new TypeError(`onDuplicate must be one of '${POLICIES.join("', '")}'; got '${onDuplicate}'`)
  }
  if (key === undefined) {
    if (onDuplicate !== 'skip') throw new TypeError(`onDuplicate: '${onDuplicate}' needs a key`)
    if (window !== undefined) throw new TypeError('window needs a key')
    return { onDuplicate: null, windowMs: null }
  }
  if (onDuplicate === 'debounce' && delay === undefined) throw new TypeError("onDuplicate: 'debounce' needs a delay")
  if (window === undefined) return { onDuplicate, windowMs: null }
  if (onDuplicate !== 'skip') throw new TypeError(`window is for onDuplicate: 'skip'; it got '${onDuplicate}'`)
  const windowMs = parseDuration(window, 'window', LONGEST_MS)
  if (windowMs === 0) throw new TypeError("window must be longer than '0s'")
  return { onDuplicate, windowMs }
}
