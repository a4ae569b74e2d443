import type { Job } from '../queue/job.ts'
import { Worker, type WorkerParts } from './worker.ts'
import { parseWorkerOptions, type WorkerOptions } from './worker-options.ts'

/** Jobs of any payload. */
// oxlint-disable-next-line typescript/no-explicit-any -- each takes its own payload, which no other type stands for
export type AnyJob = Job<any, any, any>

/**
 * Begins to run jobs of these kinds, from their queues, on connections of its own, until it is stopped or the instance is closed. It keeps the
 * process alive. Jobs of other names are left for others.
 *
 * @throws {TypeError} for an option that does not exist or cannot be right. A database that cannot be reached is told to `onError`, and tried again.
 */
export type WorkerCall = (jobs: readonly AnyJob[], options?: WorkerOptions) => Worker

/** `fp.worker`, and what stops all that it began. */
export function workerCalls(
  parts: WorkerParts,
  closing: AbortSignal,
): { worker: WorkerCall; stop: () => Promise<void> } {
  const workers = new Set<Worker>()
  return {
    worker: (jobs, options = {}) => {
      closing.throwIfAborted()
      const worker = new Worker(parts, jobs, parseWorkerOptions(jobs, options))
      workers.add(worker)
      worker.signal.addEventListener('abort', () => void worker.stop().finally(() => workers.delete(worker)), {
        once: true,
      })
      return worker
    },
    stop: async () => {
      await Promise.all([...workers].map(async (worker) => await worker.stop()))
    },
  }
}
