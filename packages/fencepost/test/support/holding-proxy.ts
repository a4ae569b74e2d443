import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { eventually } from './eventually.ts'

/** A proxy before the server that holds back what the server says, from a statement on, and then passes all of it on at once. */
export async function holdingProxy(url: string) {
  const target = new URL(url)
  const held = new Map<Socket, Buffer[]>()
  let from: string | undefined
  let isHolding = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    held.set(near, [])
    near.on('data', (chunk) => {
      isHolding ||= from !== undefined && chunk.includes(from)
      far.write(chunk)
    })
    near.on('end', () => far.end())
    far.on('data', (chunk) => {
      if (isHolding) held.get(near)?.push(chunk)
      else near.write(chunk)
    })
    far.on('end', () => near.end())
    for (const socket of [near, far]) socket.on('error', () => {})
    near.on('close', () => far.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    holdFrom: (statement: string) => {
      from = statement
    },
    /** Waits until a text is among what is held back. */
    holds: async (text: string) => {
      await eventually(async () => [...held.values()].some((chunks) => Buffer.concat(chunks).includes(text)))
    },
    pass: () => {
      from = undefined
      isHolding = false
      for (const [near, chunks] of held) near.write(Buffer.concat(chunks.splice(0)))
    },
    close: () => {
      server.close()
      for (const near of held.keys()) near.destroy()
    },
  }
}
