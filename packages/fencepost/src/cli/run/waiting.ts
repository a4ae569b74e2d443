import { hostname } from 'node:os'
import type { Fencepost, Holder } from '../../index.ts'
import { say } from '../say.ts'

const EVERY_MS = 10_000

export interface WaitedFor {
  readonly fp: Fencepost
  readonly name: string
  readonly namespace: string
}

/** Says who holds what is waited for: as soon as it is begun, and then every 10 s until it is disposed of. */
export class Waiting implements Disposable {
  readonly #for: WaitedFor
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(waitedFor: WaitedFor) {
    this.#for = waitedFor
  }

  begin(): void {
    if (this.#isOver) return
    this.#timer = setInterval(() => void this.#tell(), EVERY_MS).unref()
    void this.#tell()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  async #tell(): Promise<void> {
    const text = await this.#look().catch((error: Error) => `the server could not be asked: ${error.message}`)
    if (!this.#isOver) say(`waits for "${this.#for.name}": ${text}`)
  }

  async #look(): Promise<string> {
    const { fp, name, namespace } = this.#for
    const [holders, { pending }] = await Promise.all([fp.who(name), fp.locks.query()])
    const [host, { pid }] = [hostname(), process]
    const own = pending.find(
      (lock) => lock.name === name && lock.namespace === namespace && lock.host === host && lock.process === pid,
    )
    return `${describeHolders(holders)}${own === undefined ? '' : `; position ${own.position} in line`}`
  }
}

/** For people: who, where, and for how long. */
export function describeHolders([holder, ...others]: readonly Holder[]): string {
  if (holder === undefined) return 'nobody holds it just now'
  const { application, host, process: pid, backend, acquiredAt } = holder
  const place = host === null ? `backend ${backend ?? 'of a prepared transaction'}` : `pid ${pid}`
  const since = acquiredAt === null ? '' : ` since ${acquiredAt.toISOString().replace(/\.\d+/, '')}`
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `held by ${application || 'an unnamed application'}${host === null ? '' : `@${host}`} ${place}${since}${more}`
}
