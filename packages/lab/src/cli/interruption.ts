import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Somebody ended the run; `exitCode` is 128 + the number of the signal. */
export class Interruption extends Error {
  readonly exitCode: number

  constructor(signal: NodeJS.Signals) {
    super(`ended by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/** How long what is under way may take to end. */
export const GRACE_MS = 10_000

/** Aborts at the first signal; the second ends the process at once, and the keeper clears up. */
export function listenForInterruption(say: (text: string) => void): { signal: AbortSignal } & Disposable {
  const over = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => {
    const interruption = new Interruption(signal)
    if (over.signal.aborted) process.exit(interruption.exitCode)
    say(`${signal}: ends what is under way, within ${GRACE_MS / 1000} s; a second one ends it at once`)
    over.abort(interruption)
  }
  for (const name of SIGNALS) process.on(name, interrupt)
  return {
    signal: over.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, interrupt)
    },
  }
}

/** Resolves so long after the signal aborted, and never otherwise. */
export function abortedFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wait = () => setTimeout(resolve, ms).unref()
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, { once: true })
  })
}
