import { fencepost } from '../../index.ts'
import { CommandError, ExitCode, signalled } from '../exit-code.ts'
import { openDatabase } from './database.ts'
import { KeeperProcess } from './processes/keeper-process.ts'
import { Ledger } from './ledger.ts'
import { run, type RunOptions } from './run.ts'
import { checkPromises, closing, type Outcome, table } from './show.ts'
import { Talk } from './talk.ts'

export interface DemoOptions {
  readonly invoices: number
  readonly workers: number
  readonly json: boolean
}

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const WATCHDOG_MS = 60_000
const GRACE_MS = 15_000
/** idle_session_timeout, by which the server notices a frozen session. */
const OLDEST_SERVER = 140000

/**
 * Runs the demo and prints its figures. Whatever happens, no process and no schema are left.
 *
 * @throws {CommandError} with exit code 1 if a promise is broken or the demo does not end.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  if (process.platform === 'win32') {
    throw new CommandError('the demo stops a process with SIGSTOP, which Windows does not have', ExitCode.unreachable)
  }
  const talk = new Talk()
  const { invoices, workers, json } = options
  talk.heading(`${workers} processes pay ${invoices} invoices, each under the lock of its account; one will freeze.`)
  using interruption = listenForInterruption()
  const { signal } = interruption
  const outcome = await inDatabase(options, talk, signal).catch((error: unknown) => {
    // Ctrl-C in a terminal reaches every process: what that broke is no news.
    signal.throwIfAborted()
    throw error
  })
  const seconds = Number(talk.seconds.toFixed(2))
  const figures = json ? JSON.stringify({ workers, seconds, ...outcome }, null, 2) : `\n${table(outcome)}`
  process.stdout.write(`${figures}\n`)
  checkPromises(outcome)
  if (!json) process.stdout.write(`${closing(outcome)}\n`)
}

async function inDatabase(options: DemoOptions, talk: Talk, signal: AbortSignal): Promise<Outcome> {
  await using database = await openDatabase(talk)
  signal.throwIfAborted()
  const { url } = database
  const schema = `fencepost_demo_${process.pid}`
  const keeper = await KeeperProcess.start(url, schema)
  const place = { ...options, url, schema, keeper, talk, signal, isMade: false }
  try {
    return await inSchema(place)
  } finally {
    const isClear = await keeper.clearUp()
    if (!isClear && !database.throwAway && place.isMade)
      talk.line(`something is left behind; run: drop schema ${schema} cascade`, 'bad')
  }
}

async function inSchema(place: Omit<RunOptions, 'ledger'> & { isMade: boolean }): Promise<Outcome> {
  const { url, schema, talk, invoices } = place
  await using fp = fencepost(url, { schema })
  await fp.who('account:1')
  place.isMade = true
  await fp.migrate()
  await using ledger = new Ledger(url, schema)
  await refuseOldServer(ledger)
  await ledger.create(invoices)

  talk.heading('\nFence off: the payout is written under the lock, in a plain transaction')
  const fenceOff = await run('off', { ...place, ledger })
  talk.heading('\nFence on: the same, in lock.transaction()')
  const fenceOn = await run('on', { ...place, ledger })
  return { invoices, fenceOff, fenceOn }
}

async function refuseOldServer(ledger: Ledger): Promise<void> {
  if ((await ledger.serverVersion()) >= OLDEST_SERVER) return
  const why = 'the demo needs PostgreSQL 14 or newer: only there the server ends the session of a frozen process'
  throw new CommandError(why, ExitCode.unusable)
}

/** Aborts on Ctrl-C and its like, and when the demo hangs; the reason says which. */
function listenForInterruption(): { signal: AbortSignal } & Disposable {
  const interruption = new AbortController()
  const interrupt = (signal: (typeof INTERRUPTIONS)[number]) => {
    end(interruption, new CommandError(`the demo was ended by ${signal}`, signalled(signal)))
  }
  const giveUp = () => {
    const why = `the demo did not end within ${WATCHDOG_MS / 1000} s, the last line tells how far it came`
    end(interruption, new CommandError(why, ExitCode.promiseBroken))
  }
  const watchdog = setTimeout(giveUp, WATCHDOG_MS)
  for (const name of INTERRUPTIONS) process.on(name, interrupt)
  return {
    signal: interruption.signal,
    [Symbol.dispose]() {
      clearTimeout(watchdog)
      for (const name of INTERRUPTIONS) process.off(name, interrupt)
    },
  }
}

/** Lets the demo give back what it has. If that hangs too, the keeper and the server notice that this process is gone. */
function end(interruption: AbortController, why: CommandError): void {
  if (interruption.signal.aborted) return
  interruption.abort(why)
  const exit = () => {
    process.stderr.write(`fencepost: ${why.message}\n`)
    process.exit(why.exitCode)
  }
  setTimeout(exit, GRACE_MS).unref()
}
