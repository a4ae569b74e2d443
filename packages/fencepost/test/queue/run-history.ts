import type { Claimed, SqlWorker } from './sql-worker.ts'

/** For how long a job has certainly run: from when its claim came back to when its end was sent. */
export interface Run extends Claimed {
  readonly fromMs: number
  readonly toMs: number
}

/** What to claim, and until when. */
export interface Load {
  /** In which order, for each worker. */
  readonly queues: readonly string[] | ((worker: number) => readonly string[])
  /** How many at most in one claim. */
  readonly most?: number
  /** How many runs there are to be. */
  readonly runs: number
}

/** Has all workers claim, hold for a moment and finish, each for itself, until there were so many runs. */
export async function record(workers: readonly SqlWorker[], { queues, most = 3, runs }: Load): Promise<Run[]> {
  const history: Run[] = []
  const work = async (worker: SqlWorker, number: number) => {
    const asked = typeof queues === 'function' ? queues(number) : queues
    while (history.length < runs) {
      const jobs = await worker.claim(asked, most, most)
      const fromMs = performance.now()
      if (jobs.length === 0) continue
      await worker.client.query('select pg_sleep(random() / 200)')
      const toMs = performance.now()
      const finished = await worker.finish(jobs)
      if (finished.length !== jobs.length) throw new Error(`only ${finished.join()} of ${jobs.length} were still ours`)
      history.push(...jobs.map((job) => ({ ...job, fromMs, toMs })))
    }
  }
  await Promise.all(workers.map(work))
  return history
}

/** The most that certainly ran at one time of those that have something in common. */
export function mostAtOnce(history: readonly Run[], common: (run: Run) => string | null): Map<string, number> {
  const events = history.flatMap((run) => [
    { at: run.fromMs, change: 1, of: common(run) },
    { at: run.toMs, change: -1, of: common(run) },
  ])
  // What ends at an instant ends before what begins at it: only what is certain counts.
  events.sort((one, other) => one.at - other.at || one.change - other.change)
  const [now, most] = [new Map<string, number>(), new Map<string, number>()]
  for (const { change, of } of events) {
    if (of === null) continue
    const count = (now.get(of) ?? 0) + change
    now.set(of, count)
    most.set(of, Math.max(most.get(of) ?? 0, count))
  }
  return most
}

/** The ids of each group in the order in which they were claimed, which the tokens give. */
export function orderInGroups(history: readonly Run[]): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const { group, id } of history.toSorted((one, other) => one.token - other.token || one.id - other.id)) {
    if (group !== null) groups.set(group, [...(groups.get(group) ?? []), id])
  }
  return groups
}

/** The most that began in any interval of this length, which is open at one end. */
export function mostInAnyWindow(begunAtMs: readonly number[], perMs: number): number {
  const sorted = begunAtMs.toSorted((one, other) => one - other)
  const counts = sorted.map((from, first) => {
    const next = sorted.findIndex((at, i) => i > first && at - from >= perMs)
    return (next === -1 ? sorted.length : next) - first
  })
  return Math.max(0, ...counts)
}
