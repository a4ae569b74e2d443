import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Between clients and a server, which may be another one from one connection to the next. */
export class Proxy {
  readonly port: number
  #isCut = false
  #target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  static async start(host: string, port: number): Promise<Proxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Proxy(server, { host, port })
  }

  private constructor(server: Server, target: { host: string; port: number }) {
    const address = server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    this.#target = target
    this.#server = server
    server.on('connection', (near) => this.#join(near))
  }

  /** New connections go there. */
  turnTo(host: string, port: number): void {
    this.#target = { host, port }
  }

  /** What is sent waits for the wire to heal, as packets that are sent again and again do. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.pause()
  }

  heal(): void {
    this.#isCut = false
    for (const socket of this.#sockets) socket.resume()
  }

  /** Resets all connections and takes no more. */
  close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    return Promise.resolve()
  }

  #join(near: Socket): void {
    const far = connect(this.#target.port, this.#target.host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => {})
      from.on('data', (chunk) => to.write(chunk))
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      if (this.#isCut) from.pause()
    }
  }
}
