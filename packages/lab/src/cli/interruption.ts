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

/** Aborts at the first signal; the second ends the process at once, and the keeper clears up. */
export function listenForInterruption(): { signal: AbortSignal } & Disposable {
  const over = new AbortController()
  const interrupt = (signal: NodeJS.Signals) => {
    const interruption = new Interruption(signal)
    if (over.signal.aborted) process.exit(interruption.exitCode)
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
