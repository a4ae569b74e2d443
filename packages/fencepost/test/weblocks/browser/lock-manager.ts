// Compiled with the types of browsers, never run: `fp.locks` can stand wherever `navigator.locks` does.
import type { Fencepost } from 'fencepost'

declare const fp: Fencepost
declare function takes(locks: Pick<LockManager, 'request' | 'query'>): void

const manager: LockManager = fp.locks
export const navigatorLike: Pick<Navigator, 'locks'> = { locks: manager }

export async function unchanged(options: LockOptions, callback: LockGrantedCallback<Promise<number>>): Promise<void> {
  takes(fp.locks)
  const number: number = await fp.locks.request('a', callback)
  const again: number = await fp.locks.request('a', { ...options, mode: 'shared' }, callback)
  const given: Lock | null = await fp.locks.request('a', { ifAvailable: true }, (lock) => lock)
  const { held, pending }: LockManagerSnapshot = await fp.locks.query()
  const names: (string | undefined)[] = [...(held ?? []), ...(pending ?? [])].map(({ name }) => name)
  const token: number = await fp.locks.request('a', { steal: true }, (lock) => lock.token)
  await fp.locks.request('a', { ifAvailable: true }, (lock) => {
    // @ts-expect-error -- null if it is not available
    return lock.token
  })
  // @ts-expect-error -- no such mode
  await fp.locks.request('a', { mode: 'both' }, () => {})
  // @ts-expect-error -- no callback
  await fp.locks.request('a')
  console.log(number, again, given, names, token)
}
