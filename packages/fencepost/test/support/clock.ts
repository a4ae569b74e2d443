import type { PostgresServer } from '@fencepost/dev-postgres'
import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ownServer } from './database.ts'

/** Why a server's clock cannot be turned here; undefined if it can. */
export const whyNoClock = findFaketime()

/** A server whose clock can be turned while it runs: a library before the system's tells it the time. */
export class ServerWithClock implements AsyncDisposable {
  readonly server: PostgresServer
  readonly #folder: string

  static async start(): Promise<ServerWithClock> {
    const folder = await mkdtemp(join(tmpdir(), 'fencepost-clock-'))
    const programs = await programsFolder()
    await writeFile(join(folder, 'clock'), '+0s\n')
    // Programs in place of the real ones: nothing of our environment reaches a server.
    for (const program of ['postgres', 'initdb']) {
      const script = `#!/bin/sh\n${program === 'postgres' ? turnedBy(join(folder, 'clock')) : ''}exec '${programs}/${program}' "$@"\n`
      await writeFile(join(folder, program), script, { mode: 0o755 })
    }
    await chmod(folder, 0o755)
    return new ServerWithClock(await ownServer({}, undefined, { binaries: folder }), folder)
  }

  private constructor(server: PostgresServer, folder: string) {
    this.server = server
    this.#folder = folder
  }

  /** From now on the server's clock is this far from the true one. */
  async turn(seconds: number): Promise<void> {
    const next = join(this.#folder, 'next')
    await writeFile(next, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
    await rename(next, join(this.#folder, 'clock'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
    await rm(this.#folder, { recursive: true })
  }
}

/** Read again for every look at the clock; what measures time from one moment to another is left alone. */
function turnedBy(clock: string): string {
  const how = 'FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1'
  return `export LD_PRELOAD='/usr/$LIB/faketime/libfaketime.so.1' FAKETIME_TIMESTAMP_FILE='${clock}' ${how}\n`
}

/** Where the programs of the run's major are, which may be a copy that was made for the server's user. */
async function programsFolder(): Promise<string> {
  await using server = await ownServer()
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
