import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { onFreePort } from '../../processes/free-port.ts'
import type { Keeper } from '../../processes/keeper.ts'
import { Program } from '../../processes/program.ts'

/** Debian's; all jars of the folder together do not start. */
export const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar'
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
/** A session may last 2 to 20 ticks. */
const TICK_MS = 500
/** To be asked again. */
const ANSWER_MS = 1000
const JVM = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dzookeeper.admin.enableServer=false']

/** One ZooKeeper. */
export class ZookeeperServer {
  readonly address: string
  readonly #start: () => Promise<Program>
  #program: Program

  static async start(keeper: Keeper, host: string): Promise<ZookeeperServer> {
    return await onFreePort(host, (port) => ZookeeperServer.#startOn(keeper, host, port))
  }

  static async #startOn(keeper: Keeper, host: string, port: number): Promise<ZookeeperServer> {
    const folder = join(keeper.folder, `zookeeper-${port}`)
    await mkdir(folder)
    const config = join(folder, 'zoo.cfg')
    const lines = [`tickTime=${TICK_MS}`, `dataDir=${folder}`, `clientPort=${port}`, `clientPortAddress=${host}`]
    await writeFile(config, `${lines.join('\n')}\n`)
    const args = [...JVM, '-cp', `/etc/zookeeper/conf:${ZOOKEEPER_JAR}`, MAIN, config]
    const ready = () => serves(host, port)
    const start = () => Program.start({ keeper, command: 'java', args, cwd: folder, ready })
    return new ZookeeperServer(`${host}:${port}`, start, await start())
  }

  private constructor(address: string, start: () => Promise<Program>, program: Program) {
    this.address = address
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

/** It accepts connections before it can answer them: what it says of itself tells. */
async function serves(host: string, port: number): Promise<boolean> {
  // With an error: whoever waits for a socket that is only closed waits for ever.
  const socket = connect(port, host).setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')))
  try {
    await once(socket, 'connect')
    socket.end('srvr')
    let said = ''
    for await (const text of socket.setEncoding('utf8')) said += text
    return said.includes('Mode:')
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
