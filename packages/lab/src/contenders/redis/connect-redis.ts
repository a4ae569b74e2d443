import type { Place } from '../contender.ts'

/** What is used of ioredis. */
export interface RedisClient {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  quit(): Promise<unknown>
  set(key: string, value: string, ...options: (string | number)[]): Promise<string | null>
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

interface Ioredis {
  readonly Redis: new (options: object) => RedisClient
}

/** It reconnects by itself. */
export async function connectRedis(
  load: Place['load'],
  server: Place['redis'][number] | undefined,
): Promise<RedisClient> {
  if (server === undefined) throw new Error('there is no Redis here')
  const { Redis } = load('ioredis') as Ioredis
  const client = new Redis({ ...server, lazyConnect: true })
  client.on('error', () => {})
  await client.connect()
  return client
}
