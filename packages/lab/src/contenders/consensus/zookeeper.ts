import { type Contender, type Place, TTL_MS } from '../contender.ts'

const ROOT = '/locks'

type Done<T> = (error: Error | null, result: T) => void

/** What is used of node-zookeeper-client. */
interface Client {
  on(event: 'connected' | 'disconnected' | 'expired', listener: () => void): unknown
  once(event: 'connected' | 'expired', listener: () => void): unknown
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

/** A session, and what it has told of itself. After its end the client answers nothing any more. */
interface Session {
  readonly client: Client
  /** Rejects when the session expires. */
  readonly over: Promise<never>
  isConnected: boolean
  /** Expired, or closed. */
  isOver: boolean
}

export const zookeeper: Contender = {
  name: 'zookeeper',
  about:
    'the lock recipe: ephemeral sequential nodes, each watches the one before; the session, and whether the node is there, looked at before the write',
  servers: ['zookeeper'],
  packages: ['node-zookeeper-client'],
  settings: { sessionTimeout: `${TTL_MS} ms` },
  async prepare(place) {
    const session = await connect(place)
    await call(session, (done) => session.client.mkdirp(ROOT, done)).finally(() => end(session))
  },
  async open(place) {
    const { CreateMode } = place.load('node-zookeeper-client') as Package
    let latest = await connect(place)
    return {
      async hold(name, work) {
        if (latest.isOver) latest = await connect(place)
        const session = latest
        const { client } = session
        const folder = `${ROOT}/${name}`
        try {
          await call(session, (done) => client.mkdirp(folder, done))
          const mine = await call<string>(session, (done) =>
            client.create(`${folder}/lock-`, CreateMode.EPHEMERAL_SEQUENTIAL, done),
          )
          await reachHead(session, folder, mine.slice(folder.length + 1))
          await work({ token: mine.slice(-10), stillHeld: () => isThere(session, mine) })
          await call(session, (done) => client.remove(mine, done))
        } catch (error) {
          // A node of which nothing is known, or that could not be removed, would be waited for as long as its session lives.
          end(session)
          throw error
        }
      },
      close: async () => latest.client.close(),
    }
  },
}

/** Waits until nobody is before us. */
async function reachHead(session: Session, folder: string, mine: string): Promise<void> {
  const { client } = session
  for (;;) {
    const nodes = await call<string[]>(session, (done) => client.getChildren(folder, done))
    const before = nodes
      .filter((node) => node < mine)
      .toSorted()
      .at(-1)
    if (before === undefined) return
    await call<void>(session, (done) => {
      const gone = () => done(null, undefined)
      client.exists(`${folder}/${before}`, gone, (error, stat) => {
        if (error) done(error, undefined)
        else if (!stat) gone()
      })
    })
  }
}

async function connect({ zookeeper: address, ttlMs, load }: Place): Promise<Session> {
  const client = (load('node-zookeeper-client') as Package).createClient(address, { sessionTimeout: ttlMs })
  const over = new Promise<never>((_, reject) => {
    client.once('expired', () => reject(new Error('the session expired')))
  })
  over.catch(() => {})
  const session = { client, over, isConnected: false, isOver: false }
  client.on('connected', () => (session.isConnected = true))
  client.on('disconnected', () => (session.isConnected = false))
  client.on('expired', () => Object.assign(session, { isConnected: false, isOver: true }))
  const connected = new Promise<void>((resolve) => client.once('connected', resolve))
  client.connect()
  await connected
  return session
}

/** The client does not notice a server that is silent, as ZooKeeper's own does after two thirds of the session's time: so the server is asked. */
async function isThere(session: Session, node: string): Promise<boolean> {
  if (!session.isConnected) return false
  const asked = call<unknown>(session, (done) => session.client.exists(node, () => {}, done))
  return (await asked.catch(() => null)) !== null
}

/** Its nodes go with it, at once or when the server gives it up. */
function end(session: Session): void {
  session.isOver = true
  session.client.close()
}

function call<T>({ over }: Session, method: (done: Done<T>) => void): Promise<T> {
  const answer = new Promise<T>((resolve, reject) =>
    method((error, result) => (error ? reject(error) : resolve(result))),
  )
  return Promise.race([answer, over])
}
