import { type ChildProcess, execFileSync, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** Why there is no S3 server here; undefined if there is. */
export const whyNoS3 = findRadosgw()

/** Its one user. */
export const S3_KEY = 'fencepost'
export const S3_SECRET = 'only for tests'

/** Ceph's S3 server with a cluster of its own of one monitor and one store, which keeps everything in memory. */
export class Radosgw implements AsyncDisposable {
  readonly endpoint: string
  readonly #folder: string
  readonly #children: ChildProcess[] = []

  static async start(): Promise<Radosgw> {
    const folder = await mkdtemp(join(tmpdir(), 'fencepost-s3-'))
    await chmod(folder, 0o755)
    const [monitor, port] = [await freePort(), await freePort()]
    const started = new Radosgw(folder, `http://127.0.0.1:${port}`)
    try {
      await started.#make(monitor, port)
      return started
    } catch (error) {
      await started[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(folder: string, endpoint: string) {
    this.#folder = folder
    this.endpoint = endpoint
  }

  async #make(monitor: number, port: number): Promise<void> {
    const [cluster, store] = [randomUUID(), randomUUID()]
    await writeFile(join(this.#folder, 'ceph.conf'), configOf(this.#folder, { cluster, monitor, port }))
    await Promise.all([mkdir(join(this.#folder, 'mon.a')), mkdir(join(this.#folder, 'osd.0'))])
    const keyring = join(this.#folder, 'keyring')
    const caps = { 'mon.': ['mon', 'allow *'], 'client.admin': ['mon', 'allow *', '--cap', 'osd', 'allow *'] }
    for (const [name, cap] of Object.entries({
      ...caps,
      'osd.0': ['mon', 'allow profile osd', '--cap', 'osd', 'allow *'],
    })) {
      const create = name === 'mon.' ? ['--create-keyring'] : []
      await run('ceph-authtool', [...create, keyring, '--gen-key', '-n', name, '--cap', ...cap])
    }
    const map = join(this.#folder, 'monmap')
    await run('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitor}]`, map])
    await this.#run('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring)
    this.#spawn('ceph-mon', '-i', 'a')
    await this.#run('ceph', 'osd', 'new', store)
    await this.#run('ceph-osd', '-i', '0', '--mkfs', '--no-mon-config', '--osd-uuid', store)
    this.#spawn('ceph-osd', '-i', '0')
    const user = ['user', 'create', '--uid=test', '--display-name=test']
    await this.#run('radosgw-admin', ...user, `--access-key=${S3_KEY}`, `--secret-key=${S3_SECRET}`)
    this.#spawn('radosgw', '-n', 'client.admin')
    await eventually(async () => (await fetch(this.endpoint).catch(() => null))?.ok)
  }

  async #run(program: string, ...args: string[]): Promise<void> {
    await run(program, ['-c', join(this.#folder, 'ceph.conf'), ...args], { timeout: 60_000 })
  }

  #spawn(program: string, ...args: string[]): void {
    const log = openSync(join(this.#folder, `${program}.out`), 'w')
    const child = spawn(program, ['-c', join(this.#folder, 'ceph.conf'), '-f', ...args], {
      stdio: ['ignore', log, log],
    })
    this.#children.push(child)
  }

  /** What the programs said, for a test that fails. */
  async said(): Promise<string> {
    return await readFile(join(this.#folder, 'radosgw.out'), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    await rm(this.#folder, { recursive: true })
  }
}

function configOf(
  folder: string,
  { cluster, monitor, port }: { cluster: string; monitor: number; port: number },
): string {
  return `[global]
fsid = ${cluster}
mon host = [v2:127.0.0.1:${monitor}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = ${folder}/keyring
run dir = ${folder}
admin socket = ${folder}/$name.$pid.asok
pid file = ${folder}/$name.pid
log file = ${folder}/$name.log
mon data = ${folder}/mon.$id
mon allow pool size one = true
osd data = ${folder}/osd.$id
osd objectstore = memstore
memstore device bytes = 67108864
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
rgw rados pool pg num min = 1
rgw enable apis = s3
rgw frontends = beast endpoint=127.0.0.1:${port}
`
}

function findRadosgw(): string | undefined {
  try {
    for (const program of ['ceph-mon', 'ceph-osd', 'radosgw']) execFileSync(program, ['--version'], { stdio: 'ignore' })
    return undefined
  } catch (error) {
    console.warn(
      'skipped: tests with an S3 server: there is no Ceph (Debian: apt-get install ceph-common ceph-mon ceph-osd radosgw)',
    )
    return String(error)
  }
}
