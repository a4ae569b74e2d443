import { LockLostError } from 'fencepost'
import { expire, freeze, type Locking } from 'fencepost/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.ts'
import { eventuallyWho, waiting } from './asking.ts'
import { SUBJECTS } from './subjects.ts'

describe.each(SUBJECTS.filter(({ isWhole }) => isWhole))('$name', ({ open }) => {
  let names = 0
  const fresh = () => `name ${++names}`
  const place = open()
  afterAll(async () => await (await place)[Symbol.asyncDispose]())
  const instance = async (options?: { application?: string; namespace?: string }) => (await place).instance(options)

  test('of two callbacks that wait for each other one is told, and the other goes on', async () => {
    const [one, other] = [await instance(), await instance()]
    const [a, b] = [fresh(), fresh()]
    const both = [deferred(), deferred()] as const
    const nest = async (fp: Locking, [outer, inner]: [string, string], me: 0 | 1) =>
      await fp.lock(outer, async () => {
        both[me].resolve()
        await both[(1 - me) as 0 | 1].promise
        return await fp.lock(inner, { wait: '20s' }, () => 'both')
      })
    const ends = await Promise.allSettled([nest(one, [a, b], 0), nest(other, [b, a], 1)])
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'DEADLOCK' } })
  })

  test('P5, P8: a holder that dies is told, its release throws nothing, and another is granted the lock with a larger token', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const lost: unknown[] = []
    using _ = one.on('lost', ({ name: of, cause }) => lost.push([of, cause]))
    const lock = await one.lock(name)
    const { pending } = await waiting(other, (options) => other.lock(name, options))
    await expire(lock)
    await lock.release()
    await using next = await pending
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    expect(next.token).toBeGreaterThan(lock.token)
    expect(lost).toEqual([[name, lock.signal.reason]])
    // It goes on: what it asks for is granted on another connection.
    expect(await one.lock(fresh(), ({ signal }) => signal.aborted)).toBe(false)
  })

  test('P3: a frozen holder is told when it wakes, and is refused also while it does not know', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const refused: unknown[] = []
    using _ = one.on('refused', ({ cause }) => refused.push(cause))
    const lock = await one.lock(name)
    await lock.transaction(async () => {})
    const frozen = await freeze(lock)
    await using next = await other.lock(name)
    expect(lock.signal.aborted).toBe(false)
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'STALE_TOKEN', token: lock.token })
    await next.transaction(async () => {})
    await frozen.thaw()
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    expect(refused).toHaveLength(2)
    await lock.release()
    await expect(lock.transaction(async () => {})).rejects.toMatchObject({ code: 'LOCK_RELEASED' })
  })

  test('a process that dies while it waits goes on waiting', async () => {
    const [one, other] = [await instance(), await instance()]
    const [name, another] = [fresh(), fresh()]
    const held = await one.lock(name)
    const dies = await other.lock(another)
    const { pending } = await waiting(other, (options) => other.lock(name, options))
    await expire(dies)
    await held.release()
    await using next = await pending
    expect(next.signal.aborted).toBe(false)
    expect(await one.tryLock(name)).toBeNull()
  })

  test('fp.transaction waits for its locks and holds them', async () => {
    const [one, other] = [await instance(), await instance()]
    const [a, b] = [fresh(), fresh()]
    const result = await one.transaction([a, b], async (_, { locks, attempt }) => {
      expect(await other.tryLock(a)).toBeNull()
      return [locks.names.length, attempt]
    })
    expect(result).toEqual([2, 1])
    expect(await other.tryLock(a, () => true)).toBe(true)
  })

  test('evict takes one lock away, tells its holder, and leaves another alone', async () => {
    const [one, other] = [await instance(), await instance()]
    const [name, kept] = [fresh(), fresh()]
    expect(await other.evict(name)).toMatchObject({ outcome: 'not held' })
    const lock = await one.lock(name)
    await using another = await one.lock(kept)
    expect(await other.evict(name, { token: lock.token + 2 })).toMatchObject({ outcome: 'changed' })
    expect(lock.signal.aborted).toBe(false)
    await eventuallyWho(one, name)
    expect(await other.evict(name)).toMatchObject({ outcome: 'released', token: lock.token })
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', cause: { code: 'EVICTED' } })
    expect(another.signal.aborted).toBe(false)
    expect(await other.tryLock(name, () => true)).toBe(true)
  })
})
