import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buildGo, type Command, PYTHON, RUBY } from './other-languages.ts'
import { programEnvironment } from './program-environment.ts'
import { PSQL } from './psql.ts'

/** How a program of another language is started: it reads a verb and its key from each line, and answers `true` or `false`. */
export interface OtherLanguage {
  readonly name: string
  /** Undefined if it is not installed. */
  readonly command: Command | undefined
  /** The line that calls a function with a key. */
  readonly line: (verb: string, ...key: string[]) => string
}

const words = (verb: string, ...key: string[]) => [verb, ...key].join(' ')

export const A_PYTHON: OtherLanguage = {
  name: 'Python with psycopg2',
  command: PYTHON && [...PYTHON, fixture('lock.py')],
  line: words,
}
export const A_RUBY: OtherLanguage = {
  name: 'Ruby with pg',
  command: RUBY && [...RUBY, fixture('lock.rb')],
  line: words,
}
export const A_GO: OtherLanguage = {
  name: 'Go with lib/pq',
  command: buildGo(fixture('lock.go')),
  line: words,
}
// What is no boolean, as pg_advisory_lock's nothing is none, was granted.
export const A_PSQL: OtherLanguage = {
  name: 'psql',
  command: PSQL === undefined ? undefined : [PSQL, '-XqAt', '-v', 'ON_ERROR_STOP=1'],
  line: (verb, ...key) => `select case ${verb}(${key.join()})::text when 'false' then 'false' else 'true' end;`,
}

/** A process of another language with one connection. */
export class OtherProgram implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  readonly #line: OtherLanguage['line']

  constructor({ command = [''], line }: OtherLanguage, url: string) {
    const [program, ...args] = command
    const env = { ...programEnvironment(url), PGAPPNAME: 'program' }
    this.#child = spawn(program, program === PSQL ? [...args, url] : args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    this.#line = line
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Calls a function of the server with a key; false only if that is what it returned. */
  async call(verb: string, ...key: (string | number | bigint)[]): Promise<boolean> {
    this.#child.stdin?.write(`${this.#line(verb, ...key.map(String))}\n`)
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error(`the program ended instead of answering ${verb}`)
    return value !== 'false'
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

function fixture(file: string): string {
  return new URL(`../fixtures/${file}`, import.meta.url).pathname
}
