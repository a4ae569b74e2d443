import type { Attempt, Report } from './processes/report.ts'
import { inSeconds, type Talk } from './talk.ts'
import type { WorkerProcess } from './processes/worker-process.ts'

/**
 * Follows the worker that freezes in the middle of a payout, and wakes it at the worst moment:
 *
 *     frozen ──another is granted its lock──▶ taken over ──another pays its invoice──▶ woken ──▶ refused, or paid twice
 */
export class Freeze {
  readonly #talk: Talk
  #frozen: (Attempt & { readonly worker: WorkerProcess; readonly at: number }) | undefined
  #takeoverMs: number | null = null
  #refusedCommits = 0
  #state: 'running' | 'frozen' | 'taken over' | 'woken' | 'refused' | 'over' = 'running'

  constructor(talk: Talk) {
    this.#talk = talk
  }

  /** By the demo's clock, from one report to the other; null while nobody has. */
  get takeoverMs(): number | null {
    return this.#takeoverMs
  }

  get refusedCommits(): number {
    return this.#refusedCommits
  }

  hear(worker: WorkerProcess, report: Report): void {
    if (report.kind === 'frozen') this.#freeze(worker, report)
    else if (report.kind === 'refused') this.#refuse(worker, report)
    else if (report.kind === 'granted' || report.kind === 'paid') this.#follow(worker, report)
  }

  #freeze(worker: WorkerProcess, { invoice, account, token }: Attempt): void {
    this.#frozen = { worker, invoice, account, token, at: performance.now() }
    this.#state = 'frozen'
    const where = 'between reading "unpaid" and writing the payout'
    this.#talk.line(`worker ${worker.number} froze at invoice ${invoice}, account:${account}, token ${token}, ${where}`)
  }

  #refuse(worker: WorkerProcess, report: Attempt & { code: string; sqlState: string }): void {
    this.#refusedCommits++
    if (worker === this.#frozen?.worker) this.#state = 'refused'
    const answer = `${report.code}, SQLSTATE ${report.sqlState}`
    this.#talk.line(`worker ${worker.number} was refused by the database: ${answer}; nothing was written`, 'good')
  }

  #follow(worker: WorkerProcess, report: Attempt & { kind: Report['kind'] }): void {
    if (this.#frozen === undefined) return
    if (worker === this.#frozen.worker) this.#followFrozen(worker, report)
    else if (report.kind === 'paid' && report.invoice === this.#frozen.invoice) this.#wake(worker)
    // An older grant may be heard late: each worker reports on a channel of its own.
    else if (this.#state === 'frozen' && report.account === this.#frozen.account && report.token > this.#frozen.token)
      this.#takeOver(worker, report)
  }

  #takeOver(worker: WorkerProcess, { account, token }: Attempt): void {
    if (this.#frozen === undefined) return
    this.#state = 'taken over'
    this.#takeoverMs = Math.round(performance.now() - this.#frozen.at)
    const after = `${inSeconds(this.#takeoverMs)} after the freeze`
    this.#talk.line(
      `worker ${worker.number} took over account:${account}, token ${token} > ${this.#frozen.token}, ${after}`,
    )
  }

  #wake(payer: WorkerProcess): void {
    if (this.#frozen === undefined) return
    const { worker, invoice } = this.#frozen
    this.#state = 'woken'
    this.#talk.line(`worker ${payer.number}, with a larger token, paid invoice ${invoice}`)
    this.#talk.line(`worker ${worker.number} is woken and goes on with its payout of invoice ${invoice}`)
    worker.wake()
  }

  #followFrozen(worker: WorkerProcess, { kind, invoice, account, token }: Attempt & { kind: Report['kind'] }): void {
    if (this.#state === 'woken' && kind === 'paid') {
      this.#state = 'over'
      this.#talk.line(`worker ${worker.number} paid invoice ${invoice} a second time, with token ${token}`, 'bad')
    } else if (this.#state === 'refused' && kind === 'granted') {
      this.#state = 'over'
      this.#talk.line(`worker ${worker.number} goes on, on a new connection: account:${account}, token ${token}`)
    }
  }
}
