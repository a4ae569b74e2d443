import { orAborted } from '../../ground/abort.ts'
import { Freeze } from './freeze.ts'
import type { KeeperProcess } from './processes/keeper-process.ts'
import type { Figures, Ledger } from './ledger.ts'
import type { Report } from './processes/report.ts'
import type { Talk } from './talk.ts'
import { WorkerProcess } from './processes/worker-process.ts'

export interface RunOptions {
  readonly url: string
  readonly schema: string
  readonly ledger: Ledger
  readonly keeper: KeeperProcess
  readonly talk: Talk
  readonly invoices: number
  readonly workers: number
  readonly signal: AbortSignal
}

/** The ledger's own figures, and what the workers reported. */
export interface RunResult extends Figures {
  readonly fenced: boolean
  readonly refusedCommits: number
  /** From the freeze to the next grant of the lock; null if it never came. */
  readonly takeoverMs: number | null
  readonly seconds: number
}

const FREEZE_AFTER = 5

/**
 * Pays every invoice with several processes, one of which freezes in the middle of a payout.
 * Rejects with the signal's reason, or if a worker fails; no process is left in any case.
 */
export async function run(fence: 'on' | 'off', options: RunOptions): Promise<RunResult> {
  const { ledger, talk } = options
  await ledger.empty()
  const startedAt = talk.seconds
  const freeze = new Freeze(talk)
  await payAll(fence, options, freeze)

  const figures = await ledger.figures()
  const seconds = Number((talk.seconds - startedAt).toFixed(2))
  const { refusedCommits, takeoverMs } = freeze
  talk.line(`all workers are done, the ledger has ${figures.ledgerEntries} entries for ${figures.payouts} invoices`)
  return { fenced: fence === 'on', ...figures, refusedCommits, takeoverMs, seconds }
}

async function payAll(fence: 'on' | 'off', options: RunOptions, freeze: Freeze): Promise<void> {
  const { schema, signal } = options
  const crew: WorkerProcess[] = []
  let ready = 0
  const hear = (worker: WorkerProcess, report: Report) => {
    // Together, so that the one that is to freeze has its share of invoices.
    if (report.kind === 'ready' && ++ready === crew.length) for (const each of crew) each.go()
    freeze.hear(worker, report)
  }
  try {
    for (let worker = 1; worker <= options.workers; worker++) {
      const freezeAfter = worker === 1 ? freezeAfterPayouts(options) : null
      crew.push(new WorkerProcess({ worker, schema, fenced: fence === 'on', freezeAfter }, { ...options, hear }))
    }
    await orAborted(Promise.all(crew.map(({ ended }) => ended)), signal)
  } finally {
    await Promise.all(crew.map((worker) => worker.kill()))
  }
}

/** Few invoices: sooner, or the others might have paid them all by then. */
function freezeAfterPayouts({ invoices, workers }: RunOptions): number {
  return Math.min(FREEZE_AFTER, Math.floor(invoices / workers / 4))
}
