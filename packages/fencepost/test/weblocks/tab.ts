import type { Mode } from 'fencepost'
import { Remote } from '../support/remote.ts'

/** What a request may ask for of another process; its signal is made there. */
interface Asked {
  readonly mode?: Mode
  readonly ifAvailable?: boolean
  readonly steal?: boolean
  readonly signal?: true
}

interface Given {
  readonly name: string
  readonly mode: Mode
  readonly token: number
  /** As `now()` of support/remote.ts. */
  readonly at: number
}

/** How the promise of a request was settled. */
export interface Outcome {
  readonly value?: unknown
  readonly error?: string
  readonly cause?: string | null
  readonly at?: number
}

let requests = 0

/** A process that uses `fp.locks`, as a tab of a browser uses `navigator.locks`: test/fixtures/web-locks.js. */
export class Tab implements AsyncDisposable {
  readonly remote: Remote

  static async open(url: string): Promise<Tab> {
    return new Tab(await Remote.run('fixtures/web-locks.js', [url, {}]))
  }

  private constructor(remote: Remote) {
    this.remote = remote
  }

  /** Has it ask for a lock and hold it until `release`; nothing is waited for. */
  async ask(name: string, asked: Asked = {}): Promise<TabRequest> {
    const id = ++requests
    await this.remote.call('ask', id, name, asked)
    return new TabRequest(this.remote, id)
  }

  query(): Promise<Record<'held' | 'pending', { name: string; mode: Mode; clientId: string }[]>> {
    return this.remote.call('query')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remote.kill()
  }
}

export class TabRequest {
  readonly #remote: Remote
  readonly #id: number

  constructor(remote: Remote, id: number) {
    this.#remote = remote
    this.#id = id
  }

  /** What the callback is called with. */
  called(): Promise<Given | null> {
    return this.#remote.call('called', this.#id)
  }

  async release(value?: string): Promise<void> {
    await this.#remote.call('release', this.#id, value)
  }

  async abort(): Promise<void> {
    await this.#remote.call('abort', this.#id)
  }

  outcome(): Promise<Outcome> {
    return this.#remote.call('outcome', this.#id)
  }

  /** A transaction of the lock, whether it is held still or not. */
  async write(statement: string): Promise<void> {
    await this.#remote.call('write', this.#id, statement)
  }
}
