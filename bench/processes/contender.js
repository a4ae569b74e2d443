import { fork } from 'node:child_process'
import { once } from 'node:events'

const PROGRAM = new URL('contender-process.js', import.meta.url)
const GOODBYE_MS = 3000

/**
 * A process of its own that locks, writes, or enqueues and works, by way of one subject, so that the subjects share neither heap nor compiled code.
 *
 * @typedef {import('../peers/locker.js').Endpoints} Endpoints
 * @typedef {import('../peers/locker.js').Subject} Subject
 * @typedef {'locker' | 'writer' | 'queue'} Part
 */
export class Contender {
  /** @readonly @type {Subject} */
  subject
  #child
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #calls = new Map()
  #id = 0
  #ended

  /** @param {Subject} subject @param {Endpoints} endpoints @param {Part} part */
  static async start(subject, endpoints, part) {
    const contender = new Contender(subject, endpoints, part)
    await contender.call('ready')
    return contender
  }

  /** @param {Subject} subject @param {Endpoints} endpoints @param {Part} part */
  constructor(subject, endpoints, part) {
    this.subject = subject
    this.#child = fork(PROGRAM, [JSON.stringify({ subject, endpoints, part })], { execArgv: [] })
    this.#ended = once(this.#child, 'exit')
    this.#child.on('message', (/** @type {any} */ { id, result, error }) => {
      const call = this.#calls.get(id)
      this.#calls.delete(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(`${subject}: ${error}`))
    })
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#calls.values())
        reject(new Error(`${subject}: its process ended (${signal ?? code})`))
      this.#calls.clear()
    })
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  /**
   * Has one of its acts done: see contender-process.js.
   *
   * @param {string} act
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  call(act, ...args) {
    const id = ++this.#id
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject })
      this.#child.send({ id, act, args }, (error) => error !== null && reject(error))
    })
  }

  /** SIGKILL. Returns when, on the clock that all processes of a machine have in common. */
  kill() {
    const at = Number(process.hrtime.bigint()) / 1e6
    this.#child.kill('SIGKILL')
    return at
  }

  /** It closes what it has open; one that does not is killed. */
  async end() {
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), GOODBYE_MS)
    await this.#ended
    clearTimeout(late)
  }
}
