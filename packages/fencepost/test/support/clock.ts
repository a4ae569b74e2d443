import type { PostgresOptions, PostgresServer } from '@fencepost/dev-postgres'
import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Why a server's clock cannot be turned here; undefined if it can. */
export const whyNoClock = findFaketime()

/** A clock that can be turned while processes go by it: a library before the system's tells them the time. */
export class TurnedClock implements AsyncDisposable {
  readonly folder: string

  static async start(): Promise<TurnedClock> {
    const clock = new TurnedClock(await mkdtemp(join(tmpdir(), 'fencepost-clock-')))
    await clock.turn(0)
    return clock
  }

  private constructor(folder: string) {
    this.folder = folder
  }

  /** What a process needs in its environment to go by it. Read again for every look at the clock; what measures time from one moment to another is left alone. */
  get environment(): string[] {
    return [
      'LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1',
      `FAKETIME_TIMESTAMP_FILE=${join(this.folder, 'clock')}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'NO_FAKE_STAT=1',
      'FAKETIME_DISABLE_SHM=1',
    ]
  }

  /** From now on it is this far from the true time. */
  async turn(seconds: number): Promise<void> {
    const next = join(this.folder, 'next')
    await writeFile(next, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
    await rename(next, join(this.folder, 'clock'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}

/** Starts a server, of programs of its own. */
export type StartServer = (options: PostgresOptions) => Promise<PostgresServer>

/** A server whose clock can be turned while it runs. */
export class ServerWithClock implements AsyncDisposable {
  readonly server: PostgresServer
  readonly #clock: TurnedClock

  static async start(start: StartServer): Promise<ServerWithClock> {
    const clock = await TurnedClock.start()
    const { folder, environment } = clock
    const programs = await programsFolder(start)
    // Programs in place of the real ones: nothing of our environment reaches a server.
    for (const program of ['postgres', 'initdb']) {
      const turned = program === 'postgres' ? `export ${environment.map((one) => `'${one}'`).join(' ')}\n` : ''
      const script = `#!/bin/sh\n${turned}exec '${programs}/${program}' "$@"\n`
      await writeFile(join(folder, program), script, { mode: 0o755 })
    }
    await chmod(folder, 0o755)
    return new ServerWithClock(await start({ binaries: folder }), clock)
  }

  private constructor(server: PostgresServer, clock: TurnedClock) {
    this.server = server
    this.#clock = clock
  }

  /** From now on the server's clock is this far from the true one. */
  async turn(seconds: number): Promise<void> {
    await this.#clock.turn(seconds)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
    await this.#clock[Symbol.asyncDispose]()
  }
}

/** Where the programs of the run's major are, which may be a copy that was made for the server's user. */
async function programsFolder(start: StartServer): Promise<string> {
  await using server = await start({})
  return dirname(await readlink(`/proc/${server.pid}/exe`))
}

function findFaketime(): string | undefined {
  try {
    const preload = execFileSync('faketime', ['-f', '+0s', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' })
    return preload === '/usr/$LIB/faketime/libfaketime.so.1\n' ? undefined : `faketime preloads ${preload}`
  } catch (error) {
    console.warn(
      "skipped: tests with a server's clock that is turned: there is no faketime (Debian: apt-get install faketime)",
    )
    return String(error)
  }
}
