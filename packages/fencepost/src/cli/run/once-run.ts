import { hostname } from 'node:os'
import { type Duration, type Fencepost, OnceUncertainError } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { say } from '../say.ts'

export interface OnceAsked {
  readonly key: string
  readonly wait: Duration | undefined
  readonly retention: Duration | undefined
  readonly retryUncertain: boolean
  readonly interruption: AbortSignal
  readonly quiet: boolean
}

/** What the program is given of its run. */
export interface Run {
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

/** How it ended, for whoever comes later. */
interface Done {
  readonly host: string
  readonly process: number
  readonly endedAt: string
}

/**
 * Runs a program unless its key is done already; returns the exit code. Only 0 makes the key done: after any other the next run is
 * the next attempt.
 *
 * @throws {CommandError} with exit code 80 if it is not known whether an earlier run, or this one, did it.
 */
export async function runOnce(fp: Fencepost, asked: OnceAsked, run: (run: Run) => Promise<number>): Promise<number> {
  const { key, wait, retention, interruption: signal, quiet } = asked
  let code: number | null = null
  const work = async ({ idempotencyKey, signal: over }: Run): Promise<Done> => {
    code = await run({ idempotencyKey, signal: over })
    if (code !== 0) throw new Error(`exit code ${code}`)
    return { host: hostname(), process: process.pid, endedAt: new Date().toISOString() }
  }
  const onUncertain = asked.retryUncertain ? 'retry' : 'throw'
  const options = {
    ...(wait && { wait }),
    ...(retention && { retention }),
    signal,
    onFailed: 'retry',
    onUncertain,
  } as const
  try {
    const done = await fp.once(key, options, work)
    if (code === null && !quiet) say(`"${key}" is done already${describe(done)}; nothing was run`)
    return ExitCode.fine
  } catch (error) {
    // Also where that could not be recorded: whoever comes next is told.
    if (code !== null && code !== 0) return code
    throw error instanceof OnceUncertainError ? uncertain(error) : error
  }
}

function describe(done: Done | undefined): string {
  return done?.endedAt === undefined ? '' : `, by ${done.host} (pid ${done.process}) at ${done.endedAt}`
}

function uncertain(error: OnceUncertainError): CommandError {
  const { key, runner, startedAt, attempt } = error.record
  const what =
    error.returned === null
      ? `${runner.application || 'a program'}@${runner.host} pid ${runner.process} began attempt ${attempt} at ` +
        `${startedAt.toISOString()} and left no outcome`
      : `it ended with exit code 0, which could not be recorded`
  const how = `find out, then run: fencepost reconcile '${key}' --as done (or --as retry)`
  return new CommandError(`whether "${key}" was done is not known: ${what}; ${how}`, ExitCode.uncertain, {
    cause: error,
  })
}
