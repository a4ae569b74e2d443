import { Contender } from './processes/contender.js'

/**
 * What works measure on, and with what settings.
 *
 * @typedef {import('./peers/locker.js').Endpoints} Endpoints
 * @typedef {import('./peers/locker.js').Subject} Subject
 */
export class Site {
  /** @readonly @type {Endpoints} */
  endpoints
  /** @readonly @type {import('./servers/postgres.js').Postgres} */
  postgres
  /** @readonly */
  isQuick
  /** @readonly */
  seconds
  #rounds
  #endings

  /**
   * @param {import('./arguments.js').Wanted} wanted
   * @param {{ endpoints: Endpoints, postgres: import('./servers/postgres.js').Postgres }} servers
   * @param {import('./endings.js').Endings} endings
   */
  constructor(wanted, { endpoints, postgres }, endings) {
    this.endpoints = endpoints
    this.postgres = postgres
    this.isQuick = wanted.isQuick
    this.seconds = wanted.seconds
    this.#rounds = wanted.rounds
    this.#endings = endings
  }

  /** How many rounds are asked for. @param {{ full: number, quick: number }} otherwise */
  rounds({ full, quick }) {
    return this.#rounds ?? (this.isQuick ? quick : full)
  }

  /**
   * Processes that lock, write, or enqueue and work, by way of the subject.
   *
   * @param {Subject} subject
   * @param {number} count
   * @param {import('./processes/contender.js').Part} part
   */
  async start(subject, count, part = 'locker') {
    const starting = Array.from({ length: count }, async () => {
      const contender = await Contender.start(subject, this.endpoints, part)
      this.#endings.add(() => contender.end())
      return contender
    })
    return await Promise.all(starting)
  }

  /** Progress; the results are all that goes to stdout. @param {string} text */
  say(text) {
    process.stderr.write(`bench: ${text}\n`)
  }
}
