import { execFile, execFileSync } from 'node:child_process'
import { mkdir, open, readlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startPostgres } from '@fencepost/dev-postgres'
import type { Keeper } from '../../processes/keeper.ts'

/**
 * Comes before the system's library and adds the number in a file to the seconds of the real-time clock. Not faketime: a server
 * with jemalloc, as Debian's Redis is, does not start under it.
 */
const SHIM = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead(void) {
  static volatile const int64_t *offset;
  static const int64_t none = 0;
  if (!offset) {
    const char *file = getenv("LAB_CLOCK");
    int fd = file ? open(file, O_RDONLY) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    offset = map == MAP_FAILED ? &none : map;
  }
  return *offset;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int result = syscall(SYS_clock_gettime, id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec real;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &real);
  now->tv_sec = real.tv_sec;
  now->tv_usec = real.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec real;
  clock_gettime(CLOCK_REALTIME, &real);
  if (out) *out = real.tv_sec;
  return real.tv_sec;
}
`
const COMPILER = 'cc'
const COMPILE_LIMIT_MS = 60_000
let made = 0

/** The clock of a server, which can be turned while it runs. What measures time from one moment to another is left alone. */
export class Clock {
  /** For the server's process. */
  readonly environment: Readonly<Record<string, string>>
  readonly #file: string

  static async make(keeper: Keeper): Promise<Clock> {
    const file = join(keeper.folder, `clock-${made++}`)
    await writeFile(file, Buffer.alloc(8), { mode: 0o644 })
    return new Clock(file, await libraryIn(keeper.folder))
  }

  private constructor(file: string, library: string) {
    this.#file = file
    this.environment = { LD_PRELOAD: library, LAB_CLOCK: file }
  }

  /** From now on the server's clock is this far ahead of the true one. */
  async turn(seconds: number): Promise<void> {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(seconds))
    // In place: the server has mapped this very file.
    await using file = await open(this.#file, 'r+')
    await file.write(bytes, 0, bytes.length, 0)
  }
}

const libraries = new Map<string, Promise<string>>()

/** Compiled once for a run. */
function libraryIn(folder: string): Promise<string> {
  const library = libraries.get(folder) ?? compile(join(folder, 'clock.so'))
  libraries.set(folder, library)
  return library
}

async function compile(library: string): Promise<string> {
  const how = { timeout: COMPILE_LIMIT_MS }
  const compiling = promisify(execFile)(COMPILER, ['-shared', '-fPIC', '-O1', '-x', 'c', '-o', library, '-'], how)
  // From stdin: no source is left to be found.
  compiling.child.stdin?.end(SHIM)
  await compiling
  return library
}

/** Programs of PostgreSQL in place of the real ones, whose time is that of the clock: nothing of our environment reaches a server. */
export async function programsWithClock(keeper: Keeper, clock: Clock): Promise<string> {
  const folder = join(keeper.folder, `programs-${made++}`)
  await mkdir(folder, { mode: 0o755 })
  const programs = await realPrograms()
  const settings = Object.entries(clock.environment).map(([name, value]) => `export ${name}='${value}'\n`)
  for (const program of ['postgres', 'initdb']) {
    const turned = program === 'postgres' ? settings.join('') : ''
    const script = `#!/bin/sh\n${turned}exec '${programs}/${program}' "$@"\n`
    await writeFile(join(folder, program), script, { mode: 0o755 })
  }
  return folder
}

let real: Promise<string> | undefined

/** May be a copy that was made for the server's user, and only a running server tells. */
function realPrograms(): Promise<string> {
  real ??= (async () => {
    await using server = await startPostgres()
    return dirname(await readlink(`/proc/${server.pid}/exe`))
  })()
  return real
}

/** Why no clock can be turned here; null if one can. */
export function whyNoClock(): string | null {
  try {
    execFileSync(COMPILER, ['-E', '-x', 'c', '-'], {
      input: '#include <time.h>\n',
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    return null
  } catch {
    return 'there is no C compiler, which makes a clock that can be turned (Debian: apt-get install gcc libc6-dev)'
  }
}
