import { localInstallations, startPostgres } from '@fencepost/dev-postgres'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { workspaceRoot } from '../run/workspace-root.js'

const CLI = join(workspaceRoot, 'packages', 'fencepost', 'dist', 'cli', 'main.js')
const PATIENCE_MS = 60_000

export const psqlPath = localInstallations()
  .map(({ binaries }) => join(binaries, 'psql'))
  .find((path) => existsSync(path))

/** A process that does as its file in programs/ says; each line it prints is heard. */
class Program {
  /** @param {string} file @param {string[]} args @param {string} url */
  constructor(file, args, url) {
    const path = new URL(`programs/${file}.js`, import.meta.url).pathname
    this.child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, DATABASE_URL: url, PGAPPNAME: file },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
  }

  /** The next line it prints. */
  async says() {
    const { value, done } = await this.lines.next()
    if (done) throw new Error('the program ended before it said anything')
    return value
  }

  /** SIGSTOP: it hears and does nothing from now on. */
  freeze() {
    this.child.kill('SIGSTOP')
  }

  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}

/** A server, the programs that use it, and what an operator types. */
export class Stage {
  transcript = ''
  /** @type {{ close: () => Promise<void> }[]} */
  #closing = []

  static async open() {
    const server = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
    const client = new pg.Client(server.url)
    client.on('error', () => {})
    await client.connect()
    await client.query('create database shop')
    await client.end()
    return new Stage(server, server.url.replace(/\/postgres$/, '/shop'))
  }

  /** @param {import('@fencepost/dev-postgres').PostgresServer} server @param {string} url */
  constructor(server, url) {
    this.server = server
    this.url = url
  }

  /** @param {string} file in programs/ @param {string[]} args @param {string} url */
  start(file, args = [], url = this.url) {
    const program = new Program(file, args, url)
    this.#closing.push({ close: () => program.end() })
    return program
  }

  /** @param {{ close: () => Promise<void> }} thing to be closed at the end */
  keep(thing) {
    this.#closing.push(thing)
  }

  /** Types a command of ours, and shows it and its answer. @param {string} command after `npx fencepost` @param {string} url */
  async type(command, url = this.url) {
    return await this.#type(`npx fencepost ${command}`, process.execPath, [CLI, ...command.split(' ')], url)
  }

  /** Types SQL into psql. @param {string} sql */
  async psql(sql) {
    return await this.#type(`psql -c "${sql}"`, psqlPath ?? '', ['-X', this.url, '-c', sql], this.url)
  }

  /** A remark between two commands. @param {string} text */
  remark(text) {
    this.transcript += `\n# ${text}\n`
  }

  /** Until the server says so. @param {string} query that has rows then */
  async until(query) {
    const client = new pg.Client(this.url)
    client.on('error', () => {})
    await client.connect()
    try {
      for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
        if ((await client.query(query)).rowCount) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`it never came to ${query}`)
    } finally {
      await client.end()
    }
  }

  async close() {
    for (const { close } of this.#closing.toReversed()) await close()
    await this.server.stop()
  }

  /** @param {string} shown @param {string} program @param {string[]} args @param {string} url */
  async #type(shown, program, args, url) {
    const child = spawn(program, args, { env: { ...process.env, DATABASE_URL: url, COLUMNS: '200' } })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part))
    await once(child, 'close')
    const answer = this.#anonymous(text).trimEnd()
    this.transcript += `${this.transcript === '' ? '' : '\n'}$ ${shown}\n${answer}\n`
    return answer
  }

  /** Of no machine in particular. @param {string} text */
  #anonymous(text) {
    return text
      .replaceAll(hostname(), 'app-1')
      .replaceAll(/127\.0\.0\.1:\d+/g, 'db:5432')
      .replaceAll('127.0.0.1', '10.0.0.4')
  }
}
