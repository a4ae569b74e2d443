import { type Contender, type Place, TTL_MS } from '../contender.ts'

const ROOT = '/locks'

type Done<T> = (error: Error | null, result: T) => void

/** What is used of node-zookeeper-client. */
interface Client {
  on(event: 'connected' | 'disconnected' | 'expired', listener: () => void): unknown
  once(event: 'connected' | 'expired', listener: () => void): unknown
  removeListener(event: 'expired', listener: () => void): unknown
  connect(): void
  close(): void
  mkdirp(path: string, done: Done<unknown>): void
  create(path: string, mode: number, done: Done<string>): void
  getChildren(path: string, done: Done<string[]>): void
  exists(path: string, watch: () => void, done: Done<unknown>): void
  remove(path: string, done: Done<unknown>): void
}

interface Package {
  readonly CreateMode: { readonly EPHEMERAL_SEQUENTIAL: number }
  createClient(address: string, options: { sessionTimeout: number }): Client
}

/** A session, and what it has told of itself. */
interface Session {
  readonly client: Client
  isConnected: boolean
  isExpired: boolean
}

export const zookeeper: Contender = {
  name: 'zookeeper',
  about:
    'the lock recipe: ephemeral sequential nodes, each watches the one before; the session looked at before the write',
  servers: ['zookeeper'],
  packages: ['node-zookeeper-client'],
  settings: { sessionTimeout: `${TTL_MS} ms` },
  async prepare(place) {
    const { client } = await connect(place)
    await call((done) => client.mkdirp(ROOT, done))
    client.close()
  },
  async open(place) {
    const { CreateMode } = place.load('node-zookeeper-client') as Package
    let latest = await connect(place)
    return {
      async hold(name, work) {
        // After an expiry a client is of no use any more.
        if (latest.isExpired) latest = await connect(place)
        const session = latest
        const { client } = session
        const folder = `${ROOT}/${name}`
        await call((done) => client.mkdirp(folder, done))
        const mine = await call<string>((done) =>
          client.create(`${folder}/lock-`, CreateMode.EPHEMERAL_SEQUENTIAL, done),
        )
        await reachHead(client, folder, mine.slice(folder.length + 1))
        await work({ token: mine.slice(-10), stillHeld: () => session.isConnected })
        await call((done) => client.remove(mine, done))
      },
      close: async () => latest.client.close(),
    }
  },
}

/** Waits until nobody is before us. */
async function reachHead(client: Client, folder: string, mine: string): Promise<void> {
  for (;;) {
    const nodes = await call<string[]>((done) => client.getChildren(folder, done))
    const before = nodes
      .filter((node) => node < mine)
      .toSorted()
      .at(-1)
    if (before === undefined) return
    await gone(client, `${folder}/${before}`)
  }
}

/** Resolves when there is no such node; rejects when the session ends. */
function gone(client: Client, node: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const expire = () => reject(new Error('the session expired'))
    const end = () => {
      client.removeListener('expired', expire)
      resolve()
    }
    client.once('expired', expire)
    client.exists(node, end, (error, stat) => {
      if (error) reject(error)
      else if (!stat) end()
    })
  })
}

async function connect({ zookeeper: address, ttlMs, load }: Place): Promise<Session> {
  const client = (load('node-zookeeper-client') as Package).createClient(address, { sessionTimeout: ttlMs })
  const session = { client, isConnected: false, isExpired: false }
  client.on('connected', () => (session.isConnected = true))
  client.on('disconnected', () => (session.isConnected = false))
  client.on('expired', () => Object.assign(session, { isConnected: false, isExpired: true }))
  const connected = new Promise<void>((resolve) => client.once('connected', resolve))
  client.connect()
  await connected
  return session
}

function call<T>(method: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => method((error, result) => (error ? reject(error) : resolve(result))))
}
