import type { LockOptions } from 'fencepost'
import type { Locking } from 'fencepost/testing'
import { deferred } from '../support/deferred.ts'

/** Calls, and resolves once it stands in line; wrapped, or it would be waited for. */
export async function waiting<T>(
  fp: Locking,
  call: (options: LockOptions) => Promise<T>,
): Promise<{ pending: Promise<T> }> {
  const standing = deferred()
  using _ = fp.on('waiting', () => standing.resolve())
  const pending = call({})
  pending.catch(() => {})
  await standing.promise
  return { pending }
}

/** A holder is written down by name a moment after the grant. */
export async function eventuallyWho(fp: Locking, name: string) {
  for (;;) {
    const [holder] = await fp.who(name)
    if (holder?.application != null && holder.acquiredAt !== null) return holder
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
