import { join } from 'node:path'
import { freePort, onFreePort } from '../../processes/free-port.ts'
import type { Keeper } from '../../processes/keeper.ts'
import { Program } from '../../processes/program.ts'

/** One etcd with its default settings, but for where it is. */
export class EtcdServer {
  readonly url: string
  readonly #start: () => Promise<Program>
  #program: Program

  static async start(keeper: Keeper, host: string): Promise<EtcdServer> {
    return await onFreePort(host, async (port) => EtcdServer.#startOn(keeper, `http://${host}:${port}`))
  }

  static async #startOn(keeper: Keeper, url: string): Promise<EtcdServer> {
    const peers = `http://127.0.0.1:${await freePort()}`
    const args = ['--name', 'lab', '--data-dir', join(keeper.folder, `etcd-${new URL(url).port}`), '--logger', 'zap']
    args.push('--listen-client-urls', url, '--advertise-client-urls', url)
    args.push('--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `lab=${peers}`)
    const ready = 'serving client traffic'
    const start = () => Program.start({ keeper, command: 'etcd', args, ready })
    return new EtcdServer(url, start, await start())
  }

  private constructor(url: string, start: () => Promise<Program>, program: Program) {
    this.url = url
    this.#start = start
    this.#program = program
  }

  /** kill -9, and the same server with what it has on disk. */
  async crash(): Promise<void> {
    await this.#program.kill()
    this.#program = await this.#start()
  }

  async stop(): Promise<void> {
    await this.#program.kill()
  }
}
