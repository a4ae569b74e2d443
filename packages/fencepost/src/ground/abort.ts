import { setMaxListeners } from 'node:events'

/**
 * What `promise` gives, or the signal's reason if it aborts first. The promise goes on: whoever made it must not
 * leave behind what it would have brought.
 */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {})
  signal.throwIfAborted()
  const over = new AbortController()
  try {
    return await Promise.race([promise, rejectionOf(signal, over.signal)])
  } finally {
    over.abort()
  }
}

/** Ends after `ms`; throws the signal's reason if it aborts first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await orAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * A signal that aborts with the first of several, until it is disposed of. (`AbortSignal.any` of Node 20 stays in
 * the memory of a source that lives on.)
 */
export function firstOf(sources: readonly (AbortSignal | undefined)[]): { signal: AbortSignal } & Disposable {
  const [only, ...others] = sources.filter((source) => source !== undefined)
  if (only !== undefined && others.length === 0) return { signal: only, [Symbol.dispose]: () => {} }
  const first = new AbortController()
  const over = new AbortController()
  for (const source of sources) {
    // Any number of calls may wait on one signal.
    if (source !== undefined) setMaxListeners(0, source)
    if (source?.aborted) first.abort(source.reason)
    source?.addEventListener('abort', () => first.abort(source.reason), { once: true, signal: over.signal })
  }
  return { signal: first.signal, [Symbol.dispose]: () => over.abort() }
}

function rejectionOf(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: over })
  })
}
