import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { Endpoints } from '../endpoints.ts'
import type { Road } from './road.ts'

const run = promisify(execFile)

/** $1 the namespace, $2 and $3 the two ends of the wire, $4 and $5 their addresses. */
const MAKE = `
set -e
ip netns add "$1"
ip link add "$2" type veth peer name "$3" netns "$1"
ip addr add "$4/30" dev "$2"
ip link set "$2" up
ip -n "$1" addr add "$5/30" dev "$3"
ip -n "$1" link set "$3" up`

/** Removes what MAKE made when our end of its stdin closes, however we end. */
const REMOVE = 'trap "" INT TERM HUP; while read -r _; do :; done; ip link del "$2"; ip netns del "$1"'

/** In the namespace, so they go with it: the server's side sees packets vanish behind the wire, and nothing else. */
const CUT = `
table inet cut {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}`

/** 198.18.0.0/15 is set aside for tests of networks (RFC 2544): 32768 nets of four addresses. */
const FIRST = (198 << 24) | (18 << 16)
const NETS = 32_768
/** Of one lab: one for each contender. */
const MOST = 32
let made = 0
const LIMIT_MS = 10_000

/** A network of its own for the processes that are to be cut off, and a wire from it to this one. */
export class Network implements Road {
  readonly kind = 'network namespace'
  /** Of this end of the wire, for servers to listen on. */
  readonly host: string
  /** What runs a program at the other end: put it before the program and its arguments. */
  readonly inside: readonly string[]
  readonly #namespace: string
  readonly #janitor: ChildProcess
  readonly #gone: Promise<unknown>

  /** @throws {Error} if this is not allowed here */
  static async make(): Promise<Network> {
    const number = made++
    const namespace = `fencepost-lab-${process.pid}-${number}`
    const [here, there] = [`fl${process.pid}a${number}`, `fl${process.pid}b${number}`]
    const net = FIRST + ((process.pid * MOST + number) % NETS) * 4
    const janitor = spawn('sh', ['-c', REMOVE, 'sh', namespace, here], {
      env: withSbin(),
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const network = new Network(janitor, namespace, dotted(net + 1))
    try {
      await sh(MAKE, [namespace, here, there, dotted(net + 1), dotted(net + 2)])
      return network
    } catch (error) {
      await network.close()
      throw error
    }
  }

  private constructor(janitor: ChildProcess, namespace: string, host: string) {
    this.#janitor = janitor
    this.#gone = new Promise((resolve) => janitor.once('exit', resolve).once('error', resolve))
    janitor.stdin?.on('error', () => {})
    this.#namespace = namespace
    this.host = host
    this.inside = [programPath('ip'), 'netns', 'exec', namespace]
  }

  /** The servers are at this end of the wire. */
  lead(endpoints: Endpoints): Promise<Endpoints> {
    return Promise.resolve(endpoints)
  }

  async cut(): Promise<void> {
    await sh(`ip netns exec "$1" nft "$2"`, [this.#namespace, CUT])
  }

  async heal(): Promise<void> {
    await sh('ip netns exec "$1" nft delete table inet cut', [this.#namespace])
  }

  async close(): Promise<void> {
    this.#janitor.stdin?.end()
    await this.#gone
  }
}

async function sh(script: string, args: readonly string[]): Promise<void> {
  await run('sh', ['-c', script, 'sh', ...args], { env: withSbin(), timeout: LIMIT_MS })
}

function programPath(program: string): string {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { env: withSbin(), encoding: 'utf8' }).trim()
  } catch {
    return program
  }
}

/** Where Debian has them, though an ordinary user's PATH may not. */
function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}
