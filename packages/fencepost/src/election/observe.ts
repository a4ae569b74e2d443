import { orAborted, pause } from '../ground/abort.ts'
import type { Holder } from '../ground/holder.ts'
import { DatabaseUnreachableError } from '../ground/server-errors.ts'

/** Who leads. */
export interface Leader {
  /** Null for a holder that did not take the lock through fencepost. */
  readonly term: number | null
  readonly application: string | null
  readonly host: string | null
  /** Process id on `host`. */
  readonly process: number | null
}

const LOOK_MS = 500

/**
 * Tells the leader, and then each one that follows; null: there is none. Looks every 0.5 s, so a term shorter than that may go unseen. An
 * outage in between is waited out. Ends when `signal` aborts.
 */
export async function* observe(
  who: () => Promise<readonly Holder[]>,
  { signal, closing }: { readonly signal: AbortSignal | undefined; readonly closing: AbortSignal },
): AsyncGenerator<Leader | null, void, undefined> {
  if (!signal?.aborted) closing.throwIfAborted()
  const ended = signal ?? closing
  for (let last: string | undefined; !ended.aborted;) {
    const leader = await look(who, last !== undefined)
    if (leader !== undefined && JSON.stringify(leader) !== last) {
      last = JSON.stringify(leader)
      yield leader
    }
    closing.throwIfAborted()
    await orAborted(pause(LOOK_MS, closing), ended).catch(() => {})
  }
}

/** Undefined: not known just now. */
async function look(who: () => Promise<readonly Holder[]>, wasThere: boolean): Promise<Leader | null | undefined> {
  try {
    const holder = (await who()).find(({ mode }) => mode === 'exclusive')
    if (holder === undefined) return null
    const { token, application, host, process } = holder
    return { term: token, application, host, process }
  } catch (error) {
    if (wasThere && error instanceof DatabaseUnreachableError) return undefined
    throw error
  }
}
