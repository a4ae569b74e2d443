import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { FencepostOptions } from 'fencepost'

/** What a call in the other process failed with. */
export interface RemoteError {
  readonly code: string
  readonly message: string
  /** `code` of the cause: the server's SQLSTATE. */
  readonly cause: string | undefined
}

/** A process of its own that locks and writes as told: test/fixtures/remote.js says what it can. */
export class Remote implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #calls = new Map<number, PromiseWithResolvers>()
  readonly #lost = new Map<string, { reason: string; at: number }>()
  #id = 0

  /** @param inside a program, with its arguments, that runs another one somewhere else: in a network of its own, say. */
  static async start(url: string, options: FencepostOptions = {}, inside: readonly string[] = []): Promise<Remote> {
    return await Remote.run('fixtures/remote.js', [url, options], inside)
  }

  /** The same with another program, by its path in test/: it says when it is ready, and does as it is told. */
  static async run(program: string, args: readonly unknown[], inside: readonly string[] = []): Promise<Remote> {
    const path = new URL(`../${program}`, import.meta.url)
    const [execPath, ...execArgv] = [...inside, process.execPath]
    const child = fork(path, [JSON.stringify(args)], { ...(execPath && { execPath }), execArgv })
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready')))
    await Promise.race([once(child, 'message'), ended])
    ended.catch(() => {})
    return new Remote(child)
  }

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (message: Message) => {
      if ('lost' in message) return this.#lost.set(message.lost, message)
      const call = this.#calls.get(message.id)
      this.#calls.delete(message.id)
      if (message.error === undefined) call?.resolve(message.result)
      else call?.reject(Object.assign(new Error(message.error.message), message.error))
    })
    child.on('exit', () => {
      for (const call of this.#calls.values()) call.reject(new Error('the process ended'))
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Why a lock was lost, as its signal told; undefined if it has told nothing. */
  lossOf(name: string): string | undefined {
    return this.#lost.get(name)?.reason
  }

  /** When its signal told, in ms: as `now()` here. */
  lossAt(name: string): number | undefined {
    return this.#lost.get(name)?.at
  }

  call<T = void>(call: string, ...args: unknown[]): Promise<T> {
    const id = ++this.#id
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: (value) => resolve(value as T), reject })
      this.#child.send({ id, call, args })
    })
  }

  /** SIGSTOP: it stays as it is until `thaw`, and nobody tells it anything. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    if (this.hasEnded) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** In ms, comparable between the processes of one machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

type Message =
  | { readonly id: number; readonly result?: unknown; readonly error?: RemoteError }
  | { readonly lost: string; readonly reason: string; readonly at: number }

interface PromiseWithResolvers {
  resolve(value: unknown): void
  reject(error: Error): void
}
