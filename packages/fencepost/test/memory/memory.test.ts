import { type Fencepost, NotFencedError } from 'fencepost'
import { expire, freeze, type Locking, memoryLocks, testClock } from 'fencepost/testing'
import { expect, test } from 'vitest'

/** Compiled: what takes `Locking` takes the real thing too. */
export const accepts = (fp: Fencepost): Locking => fp

test('waits end by the clock that is moved, and not before', async () => {
  const clock = testClock()
  await using fp = memoryLocks({ clock })
  const peer = fp.peer({ application: 'peer' })
  const lock = await fp.lock('a')
  let isOver = false
  const pending = peer.lock('a', { wait: '1h' }).catch((error: unknown) => {
    isOver = true
    return error
  })
  await clock.advance('59m')
  expect(isOver).toBe(false)
  await clock.advance('1m')
  const error = await pending
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', holder: { token: lock.token, application: 'memory' } })
  expect((error as Error).message).toMatch(/held by memory on \S+ \(pid \d+\) since/)
  expect((error as { waitedMs: number }).waitedMs).toBeGreaterThanOrEqual(3_600_000)
  expect((await fp.who('a'))[0]?.acquiredAt?.getTime()).toBeLessThan(Date.now() + 1000)
})

test('the wait of lockAll is one for all of them, by the same clock', async () => {
  const clock = testClock()
  await using fp = memoryLocks({ clock })
  const peer = fp.peer()
  const [first] = (await peer.lockAll(['a', 'b'])).locks
  const pending = fp.lockAll(['a', 'b'], { wait: '10m' }).catch((error: unknown) => error)
  await clock.advance('6m')
  await first?.release()
  await new Promise(setImmediate)
  await clock.advance('5m')
  expect(await pending).toMatchObject({ code: 'LOCK_TIMEOUT' })
})

test('P7: without a transaction of yours nothing is said to be guarded', async () => {
  await using fp = memoryLocks()
  const lock = await fp.lock('a')
  await expect(lock.transaction(async () => {})).rejects.toThrow(NotFencedError)
  await expect(lock.guard({ query: async () => ({ rows: [] }) })).rejects.toMatchObject({ code: 'NOT_FENCED' })
  await expect(fp.transaction('b', () => {})).rejects.toThrow(/give memoryLocks\(\) a transaction/)
  expect(() => lock.pgOptions).toThrow(NotFencedError)
  // What was locked for it is let go of.
  expect(await fp.tryLock('b', () => true)).toBe(true)
})

const write = (tx: unknown) => Promise.resolve((tx as { write(text: string): number }).write('write'))

test('with one the function runs in it, and what comes too late undoes it and comes out', async () => {
  const log: string[] = []
  const fp = memoryLocks({
    async transaction(work, { isolation }) {
      log.push(`begin ${isolation}`)
      try {
        const result = await work({ write: (text: string) => log.push(text) })
        log.push('commit')
        return result
      } catch (error) {
        log.push('rollback')
        throw error
      }
    },
  })
  const lock = await fp.lock('a')
  await lock.guard({ query: async () => ({ rows: [] }) })
  await lock.transaction(write, { isolation: 'serializable' })
  const late = lock.transaction(async (tx) => {
    await write(tx)
    await expire(lock)
  })
  await expect(late).rejects.toMatchObject({ code: 'STALE_TOKEN', lockName: 'a', token: lock.token })
  await expect(lock.guard({ query: async () => ({ rows: [] }) })).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  expect(log).toEqual(['begin serializable', 'write', 'commit', 'begin read committed', 'write', 'rollback'])
})

test('a frozen instance does nothing until it is thawed, and a release waits as long', async () => {
  await using fp = memoryLocks()
  const peer = fp.peer()
  const lock = await fp.lock('a')
  const frozen = await freeze(lock)
  await expect(expire(lock)).rejects.toThrow('frozen already: thaw it first')
  const order: string[] = []
  const asked = fp.lock('b', () => void order.push('granted'))
  const released = lock.release().then(() => order.push('released'))
  await peer.lock('a', () => void order.push('granted to the peer'))
  expect(order).toEqual(['granted to the peer'])
  await frozen.thaw()
  await Promise.all([asked, released])
  expect(order).toHaveLength(3)
  expect(lock.signal.aborted).toBe(true)
})

test('a release costs the same after tens of thousands of other names', async () => {
  await using fp = memoryLocks()
  const timesOf = async (prefix: string, count: number) => {
    const times: number[] = []
    for (let n = 0; n < count; n++) {
      const startedAt = performance.now()
      await (await fp.lock(`${prefix} ${n}`)).release()
      times.push(performance.now() - startedAt)
    }
    return times.toSorted((one, other) => one - other)[count >> 1] ?? 0
  }
  await timesOf('warm', 500)
  const early = await timesOf('early', 100)
  await timesOf('other', 10_000)
  expect(await timesOf('late', 100)).toBeLessThan(5 * early + 0.1)
})

test('options that cannot be right are TypeErrors', async () => {
  expect(() => memoryLocks({ clock: {} as never })).toThrow('clock must be made by testClock()')
  expect(() => memoryLocks({ freezeTimeout: '1s' } as object)).toThrow("unknown option 'freezeTimeout'")
  expect(() => memoryLocks({ namespace: 'a:b' })).toThrow(TypeError)
  expect(() => memoryLocks({ transaction: true as never })).toThrow(TypeError)
  await using fp = memoryLocks()
  expect(() => fp.peer({ clock: testClock() } as object)).toThrow("unknown option 'clock'")
  await expect(fp.evict('a', { force: true } as object)).rejects.toThrow(TypeError)
})
