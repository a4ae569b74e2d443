import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FencepostOptions } from 'fencepost'

/** What a process is to do: worker.js says how. */
export interface Order {
  readonly id: string
  /** Of the lock, and of what is to be paid once. */
  readonly name: string
  readonly form: 'transaction' | 'guard'
  readonly isGuarded: boolean
  /** How long it thinks after the grant, after its look, and around the guard. */
  readonly thinks: readonly number[]
  /** After how long it begins its transaction again when that failed before COMMIT. */
  readonly againMs: number
}

export type Outcome = 'paid' | 'paid already' | 'refused' | 'not known' | 'no lock' | 'given up'

interface PayerOptions {
  readonly url: string
  readonly folder: string
  readonly life: string
  readonly library: FencepostOptions
}

/** A process that takes locks and pays. */
export class Payer implements AsyncDisposable {
  readonly life: string
  /** What its connections of ours are called in the server. */
  readonly application: string
  readonly #child: ChildProcess
  readonly #orders = new Map<string, { resolve(outcome: Outcome): void; reject(error: Error): void }>()
  #count = 0

  static async start({ url, folder, life, library }: PayerOptions): Promise<Payer> {
    const application = `zombies ${life}`
    const settings = { url, life, file: join(folder, `${life}.jsonl`), library: { ...library, application } }
    const path = new URL('./worker.js', import.meta.url)
    const child = fork(path, [JSON.stringify(settings)], { execArgv: [] })
    await once(child, 'message')
    return new Payer(child, life, `${application} fencepost`)
  }

  private constructor(child: ChildProcess, life: string, application: string) {
    this.#child = child
    this.life = life
    this.application = application
    child.on('message', ({ id, outcome }: { id: string; outcome: Outcome }) => {
      this.#orders.get(id)?.resolve(outcome)
      this.#orders.delete(id)
    })
    child.on('exit', () => {
      for (const order of this.#orders.values()) order.reject(new Error(`process ${life} ended`))
    })
  }

  pay(order: Omit<Order, 'id'>): { id: string; outcome: Promise<Outcome> } {
    return this.#send({ ...order, id: `${this.life}/0/${this.#count++}` })
  }

  /** Resolves when it is connected. */
  async warmUp(): Promise<void> {
    await this.#send({ id: 'warm-up' }).outcome
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  #send(order: Order | { readonly id: 'warm-up' }): { id: string; outcome: Promise<Outcome> } {
    const outcome = new Promise<Outcome>((resolve, reject) => this.#orders.set(order.id, { resolve, reject }))
    this.#child.send(order)
    return { id: order.id, outcome }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
