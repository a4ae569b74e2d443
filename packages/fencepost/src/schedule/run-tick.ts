import { asError, errorText } from '../ground/as-error.ts'
import { pause } from '../ground/abort.ts'
import { StaleTokenError } from '../ground/errors.ts'
import type { Lock } from '../locks/lock.ts'
import type { Locks } from '../locks/locks.ts'
import { Scope } from '../locks/scope.ts'
import { repeated } from '../wire/repeated.ts'
import type { Begun, Known, LockPlace, Outcome, Records } from './records.ts'
import { type OfTick, TickFailedError, TickLostError, TickStoppedError, TickTimeoutError } from './schedule-errors.ts'
import { type CronWork, Tick } from './tick.ts'

/** What is run, and where it is written down. */
export interface TickDesk {
  readonly name: string
  readonly namespace: string
  readonly locks: Locks
  readonly records: Records
  readonly work: CronWork
  /** 0: none. */
  readonly timeoutMs: number
  /** No tick is begun any more. */
  readonly stopping: AbortSignal
  /** Ticks that run are waited for no longer. */
  readonly cut: AbortSignal
  readonly tell: (error: Error) => void
}

interface Ended extends Outcome {
  readonly thrown?: unknown
}

interface Running {
  readonly begun: Begun
  readonly lock: Lock
  readonly place: LockPlace
}

const FIRST_AGAIN_MS = 100
const LONGEST_AGAIN_MS = 5000
const LAST_TRIES = 3

/**
 * Runs a queued tick under its lock, and writes down how it ended before the lock is let go of. False: somebody else has it, or it may not begin yet.
 * What goes wrong once it is begun is told and not thrown.
 */
export async function runTick(id: number, { overlap }: Known, desk: TickDesk): Promise<boolean> {
  const { name, namespace, locks, records, stopping } = desk
  const place =
    overlap === 'allow'
      ? { name: `${name}#${id}`, namespace: `${namespace}/tick` }
      : { name, namespace: `${namespace}/cron` }
  const scope = new Scope()
  const asked = { mode: 'exclusive', namespace: place.namespace, signal: stopping, scope } as const
  const lock = await locks.tryAcquire(place.name, asked)
  if (lock === null) return false
  return await scope.run({ owner: locks, keys: [locks.keyOf(place.name, place.namespace)], held: lock }, async () => {
    const begun = await repeated(lock, (tx) => records.begin(tx, id, lock.token))
    if (begun === null) return false
    const running = { begun, lock, place }
    await record(running, await runToEnd(running, desk), desk)
    return true
  })
}

/** Until its function has ended, its time is over, or it is waited for no longer: what the function still does then is refused. */
async function runToEnd({ begun, lock, place }: Running, desk: TickDesk): Promise<Ended> {
  const { name, records, work } = desk
  const [over, settled] = [new AbortController(), new AbortController()]
  const tick = new Tick(name, { begun, lock, place, records, signal: over.signal })
  whenAborted(lock.signal, () => over.abort(lock.signal.reason), settled.signal)
  const cutOff = cutOffOf({ schedule: name, ...begun }, desk, settled.signal)
  void cutOff.then(({ thrown }) => over.abort(thrown))
  const worked = new Promise((resolve) => resolve(work(tick))).then(
    (): Ended => ({ state: 'done', error: null }),
    failed,
  )
  const ended = await Promise.race([worked, cutOff])
  settled.abort()
  return ended
}

/** Resolves where a tick is not waited for any longer; `settled` forgets it. */
function cutOffOf(of: OfTick, { timeoutMs, cut }: TickDesk, settled: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    whenAborted(cut, () => resolve({ ...failed(new TickStoppedError(of)), state: 'lost' }), settled)
    if (timeoutMs === 0) return
    const timer = setTimeout(() => resolve(failed(new TickTimeoutError(of, timeoutMs))), timeoutMs)
    settled.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
}

function whenAborted(signal: AbortSignal, call: () => void, until: AbortSignal): void {
  if (signal.aborted) call()
  else signal.addEventListener('abort', call, { once: true, signal: until })
}

function failed(thrown: unknown): Ended {
  return { state: 'failed', error: errorText(thrown), thrown }
}

/** Again and again while the lock is held: what is not recorded is lost, although it is done. */
async function record(
  { begun, lock }: Running,
  ended: Ended,
  { name, records, stopping, tell }: TickDesk,
): Promise<void> {
  const of = { schedule: name, ...begun }
  const { state, error, thrown } = ended
  // To throw what the signal aborted with is to heed it.
  if (state === 'failed' && thrown !== lock.signal.reason) tell(new TickFailedError(of, error ?? '', thrown))
  for (let tries = 1, againMs = FIRST_AGAIN_MS; ; tries++, againMs = Math.min(2 * againMs, LONGEST_AGAIN_MS)) {
    try {
      const why = await repeated(lock, (tx) => records.end(tx, begun, { state, error }))
      return why === null ? undefined : tell(new TickLostError(of, new Error(why)))
    } catch (cause) {
      const isOver =
        lock.signal.aborted || cause instanceof StaleTokenError || (stopping.aborted && tries >= LAST_TRIES)
      if (isOver) return tell(new TickLostError(of, asError(lock.signal.aborted ? lock.signal.reason : cause)))
      tell(asError(cause))
      await pause(againMs, lock.signal).catch(() => {})
    }
  }
}
