import { constants } from 'node:os'

/** What the process says to its caller; numbers of sysexits.h where it has one. */
export const ExitCode = {
  fine: 0,
  promiseBroken: 1,
  hazard: 1,
  /** As grep has it: what was asked for is not there, or was not done. */
  nobody: 1,
  usage: 64,
  unreachable: 69,
  internal: 70,
  busy: 75,
  unusable: 78,
  /** The lock was lost while the program ran. */
  lost: 79,
  /** Whether a once-key was done is not known: somebody has to look. */
  uncertain: 80,
  /** As shells say it. */
  cannotRun: 126,
  notFound: 127,
  /** By ^C: 128 and the number of SIGINT. */
  interrupted: 130,
} as const

/** By the stable `code` of the library's errors, so that the library itself is loaded only by what uses it. */
const BY_CODE: Readonly<Record<string, number>> = {
  DATABASE_UNREACHABLE: ExitCode.unreachable,
  AUTHENTICATION_FAILED: ExitCode.unreachable,
  LOCK_TIMEOUT: ExitCode.busy,
  PERMIT_TIMEOUT: ExitCode.busy,
  EVICTION_FAILED: ExitCode.busy,
  ONCE_BUSY: ExitCode.busy,
  LOCK_LOST: ExitCode.lost,
  ONCE_UNCERTAIN: ExitCode.uncertain,
  STANDBY: ExitCode.unusable,
  UNSUPPORTED_SERVER: ExitCode.unusable,
  UNSAFE_POOLER: ExitCode.unusable,
  OUT_OF_LOCKS: ExitCode.unusable,
  PERMITS_DIFFER: ExitCode.unusable,
  MISSING_PRIVILEGE: ExitCode.unusable,
  SCHEMA_OUTDATED: ExitCode.unusable,
  SCHEMA_TOO_NEW: ExitCode.unusable,
  POSTGRES_START: ExitCode.unreachable,
  POSTGRES_UNAVAILABLE: ExitCode.unreachable,
}

/** An end of a command that is told in one line. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** What shells make of a process that a signal has ended. */
export function signalled(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode
  const { code } = error as { code?: unknown }
  const known = typeof code === 'string' ? (BY_CODE[code] ?? ofDriver(code)) : undefined
  // The library's answer to a wrong argument, which here came from the command line or the environment.
  return known ?? (error instanceof TypeError ? ExitCode.usage : ExitCode.internal)
}

/** The network's own codes, and the SQLSTATEs of a server that goes away. */
function ofDriver(code: string): number | undefined {
  return /^(E(CONN|PIPE|TIMEDOUT|NOTFOUND|HOST|NET)|08|57P0|53300)/.test(code) ? ExitCode.unreachable : undefined
}
