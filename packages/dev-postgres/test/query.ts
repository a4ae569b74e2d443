import { Socket } from 'node:net'
import { Client } from 'pg'

/** One statement on a connection of its own, made from another address of this machine if one is named. */
export async function query(url: string, sql: string, from?: string): Promise<Record<string, unknown>[]> {
  const stream = from === undefined ? {} : { stream: () => socketFrom(from) }
  const client = new Client({ connectionString: url, ...stream })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

function socketFrom(localAddress: string): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket)
  socket.connect = ((port: number, host: string) => connect({ port, host, localAddress })) as typeof connect
  return socket
}
