import { Contender } from './processes/contender.js'

/** Of most works, where all are measured in two minutes. */
export const BRIEF_ROUNDS = 2

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
  seconds
  #kind
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
    this.seconds = wanted.seconds
    this.#kind = wanted.kind
    this.#rounds = wanted.rounds
    this.#endings = endings
  }

  /**
   * What is right for how long the run may take.
   *
   * @template T
   * @param {{ full: T, quick: T, brief?: T }} kinds brief: as quick if there is none
   */
  pick({ full, quick, brief = quick }) {
    return { full, quick, brief }[this.#kind]
  }

  /** How many rounds are asked for. @param {{ full: number, quick: number, brief?: number }} otherwise */
  rounds({ full, quick, brief = BRIEF_ROUNDS }) {
    return this.#rounds ?? this.pick({ full, quick, brief })
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
