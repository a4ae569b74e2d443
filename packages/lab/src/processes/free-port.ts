import { once } from 'node:events'
import { createServer } from 'node:net'
import { EndedAtOnce } from './program.ts'

const ATTEMPTS = 3

/** A port that nobody listens on; it can be taken by somebody else before it is used. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts a program on a port that is free; on another one if it ended at once, as it does when somebody else was faster. */
export async function onFreePort<T>(host: string, start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort(host))
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof EndedAtOnce)) throw error
    }
  }
}
