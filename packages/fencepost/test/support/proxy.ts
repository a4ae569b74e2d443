import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** `questions` go to the server, `answers` come from it. */
export type Direction = 'questions' | 'answers'

/** Between a client and a server: it can lose what is sent, hold it up, or reset the connections. */
export class Proxy {
  readonly url: string
  readonly #server: Server
  readonly #sockets: Socket[] = []
  readonly #lost = new Set<Direction>()
  #delayMs = 0

  static async start(url: string): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Proxy(server, url)
  }

  private constructor(server: Server, url: string) {
    const { port } = server.address() as { port: number }
    const target = new URL(url)
    this.url = Object.assign(new URL(url), { port: String(port) }).href
    this.#server = server
    server.on('connection', (near) => this.#join(near, connect(Number(target.port), target.hostname)))
  }

  /** From now on nothing that is sent in these directions arrives, nor that somebody hung up; the sockets stay open. */
  lose(...directions: Direction[]): void {
    for (const direction of directions) this.#lost.add(direction)
  }

  /** From now on everything takes so much longer, in each direction. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** Resets all connections and takes no more. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #join(near: Socket, far: Socket): void {
    this.#sockets.push(near, far)
    this.#pass('questions', near, far)
    this.#pass('answers', far, near)
  }

  #pass(direction: Direction, from: Socket, to: Socket): void {
    const later = (act: () => void) => {
      if (this.#delayMs > 0) setTimeout(() => this.#lost.has(direction) || act(), this.#delayMs)
      else if (!this.#lost.has(direction)) act()
    }
    from.on('error', () => {})
    from.on('data', (chunk) => later(() => to.write(chunk)))
    from.on('close', () => later(() => to.destroy()))
  }
}
