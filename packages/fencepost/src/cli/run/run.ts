import { basename } from 'node:path'
import { type Duration, fencepost, type Lock, type Permit } from '../../index.ts'
import { firstOf, orAborted } from '../../ground/abort.ts'
import { parseDuration } from '../../ground/duration.ts'
import { CommandError, ExitCode, exitCodeOf } from '../exit-code.ts'
import { say } from '../say.ts'
import { acquire, type AcquireOptions } from './acquire.ts'
import { describeEnd, exitCodeOfProgram } from './exit.ts'
import { findProgram } from './find-program.ts'
import { HeldBack } from './held-back.ts'
import { type Run, runOnce } from './once-run.ts'
import { type Ended, Program } from './program.ts'
import { Signals } from './signals.ts'
import { Watchdog } from './watchdog.ts'

export interface RunOptions extends AcquireOptions {
  readonly target: string | object
  readonly schema: string
  readonly freezeTimeout: Duration
  /** Exit code when neither the lock nor a permit is granted. */
  readonly busyCode: number
  readonly once: {
    readonly key: string
    readonly retention: Duration | undefined
    readonly retryUncertain: boolean
  } | null
  readonly graceMs: number
  readonly command: readonly [string, ...string[]]
}

/** With the place of the program. */
type Supervised = RunOptions & { readonly path: string }

/** What a program runs under. */
interface Held {
  readonly lock: Lock | Permit
  readonly signals: Signals
}

/**
 * Runs a program while a lock, or a permit, is held, and never without it. Returns the exit code: the program's own, or one of ours.
 *
 * @throws what has another exit code, by `exitCodeOf`.
 */
export async function run(options: RunOptions): Promise<number> {
  const { target, schema, namespace, freezeTimeout, command, busyCode, quiet } = options
  if (process.platform === 'win32') throw new CommandError('run needs signals, which Windows lacks', ExitCode.unusable)
  const path = findProgram(command[0])
  using signals = new Signals()
  const application = process.env['PGAPPNAME'] || basename(command[0])
  await using fp = fencepost(target, { schema, namespace, freezeTimeout, application })
  try {
    const startedAt = performance.now()
    await using lock = await acquire(fp, options, signals.interruption)
    const held = { lock, signals }
    if (options.once === null) return await supervise({ ...options, path }, held)
    const asked = { ...options.once, quiet, wait: rest(options.wait, startedAt), interruption: signals.interruption }
    return await runOnce(fp, asked, (once) => supervise({ ...options, path }, held, once))
  } catch (error) {
    const isInterrupted = error === signals.interruption.reason
    if (!isInterrupted && exitCodeOf(error) !== ExitCode.busy) throw error
    const code = isInterrupted ? exitCodeOf(error) : busyCode
    if (!quiet || code !== ExitCode.fine) say((error as Error).message)
    return code
  }
}

/** What is left of the wait, for the once-key. */
function rest(wait: Duration | false | undefined, startedAt: number): Duration | undefined {
  if (wait === undefined) return undefined
  const waitMs = wait === false ? 0 : parseDuration(wait, '--wait')
  return `${Math.max(0, Math.round(waitMs - (performance.now() - startedAt)))}ms`
}

async function supervise(options: Supervised, { lock, signals }: Held, once?: Run): Promise<number> {
  const { command, path, quiet, freezeTimeout } = options
  using watchdog = await Watchdog.start()
  using lost = firstOf([lock.signal, once?.signal])
  lost.signal.throwIfAborted()
  signals.interruption.throwIfAborted()
  const heldBack = quiet ? new HeldBack() : null
  const { name, token, pgOptions } = lock
  const permit = 'number' in lock ? lock.number : null
  const told = { name, token, permit, pgOptions, idempotencyKey: once?.idempotencyKey ?? null }
  const program = new Program({ command, path, told, heldBack }, watchdog)
  signals.passTo((signal) => {
    if (signal === 'SIGTSTP')
      say(`lock "${name}" is kept for ${freezeTimeout} while this is suspended (--freeze-timeout)`)
    program.pass(signal)
  })

  const { ended, isLost } = await endOf(program, lost.signal, options)
  const code = isLost ? ExitCode.lost : exitCodeOfProgram(ended)
  if (heldBack !== null && code !== 0) {
    // Also if nobody reads on, which ends this process.
    process.exitCode = code
    await heldBack.print()
    say(`${command[0]} ended with ${describeEnd(ended)}`)
  }
  return code
}

async function endOf(
  program: Program,
  lost: AbortSignal,
  { command, graceMs }: Supervised,
): Promise<{ ended: Ended; isLost: boolean }> {
  try {
    return { ended: await orAborted(program.ended, lost), isLost: false }
  } catch (error) {
    if (!lost.aborted) throw error
    const [what] = command
    say(
      `${(error as Error).message}; stops ${what} (pid ${program.pid}) by TERM, and after ${graceMs / 1000} s by KILL`,
    )
    const ended = await program.stop(graceMs)
    if (ended.signal === 'SIGKILL') say(`${what} did not end within ${graceMs / 1000} s and was killed`)
    return { ended, isLost: true }
  }
}
