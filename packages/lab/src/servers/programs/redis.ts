import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onFreePort } from '../../processes/free-port.ts'
import type { Keeper } from '../../processes/keeper.ts'
import { Program } from '../../processes/program.ts'
import type { Clock } from '../roads/clock.ts'

export interface RedisOptions {
  readonly keeper: Keeper
  readonly host: string
  readonly clock?: Clock
}

/** A Redis that writes nothing to disk. */
export class RedisServer {
  readonly host: string
  readonly port: number
  readonly clock: Clock | undefined
  readonly #options: RedisOptions
  #program: Program

  static async start(options: RedisOptions): Promise<RedisServer> {
    return await onFreePort(options.host, async (port) => new RedisServer(options, port, await run(options, port)))
  }

  private constructor(options: RedisOptions, port: number, program: Program) {
    this.#options = options
    this.host = options.host
    this.port = port
    this.clock = options.clock
    this.#program = program
  }

  /** kill -9, and the same server again: empty. */
  async restart(): Promise<void> {
    await this.#program.kill()
    this.#program = await run(this.#options, this.port)
  }

  async stop(): Promise<void> {
    await this.#program.kill()
  }
}

async function run({ keeper, host, clock }: RedisOptions, port: number): Promise<Program> {
  const cwd = join(keeper.folder, `redis-${port}`)
  await mkdir(cwd, { recursive: true })
  const args = ['--bind', host, '--port', String(port), '--save', '', '--appendonly', 'no', '--protected-mode', 'no']
  return await Program.start({
    keeper,
    command: 'redis-server',
    args,
    cwd,
    env: clock?.environment ?? {},
    ready: 'Ready to accept connections',
  })
}
