import type { LockOptions } from 'fencepost'
import type { Locking } from 'fencepost/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { deferred } from '../support/deferred.ts'
import { eventuallyWho, waiting } from './asking.ts'
import { SUBJECTS } from './subjects.ts'

describe.each(SUBJECTS)('$name', ({ open }) => {
  let names = 0
  const fresh = () => `name ${++names}`
  const place = open()
  afterAll(async () => await (await place)[Symbol.asyncDispose]())
  const instance = async (options?: { application?: string; namespace?: string }) => (await place).instance(options)

  test('P1: an exclusive lock excludes everybody, in its own process and in others; null means busy', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const lock = await one.lock(name)
    expect(await one.tryLock(name)).toBeNull()
    expect(await other.tryLock(name)).toBeNull()
    expect(await other.tryLock(name, { shared: true })).toBeNull()
    await lock.release()
    await using next = (await other.tryLock(name)) ?? undefined
    expect(next?.mode).toBe('exclusive')
  })

  test('P1: shared locks are held together, and by nobody together with an exclusive one', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const first = await one.lock(name, { shared: true })
    await using second = await other.lock(name, { shared: true })
    expect(second.mode).toBe('shared')
    expect(await other.tryLock(name)).toBeNull()
    await first.release()
    expect(await one.tryLock(name)).toBeNull()
    await second.release()
    await using alone = (await one.tryLock(name)) ?? undefined
    expect(alone).toBeDefined()
  })

  test('P2: tokens rise; shared holders have one between them', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const tokens: number[] = []
    for (const fp of [one, other, one]) tokens.push(await fp.lock(name, ({ token }) => token))
    const [first, second] = await Promise.all([one.lock(name, { shared: true }), other.lock(name, { shared: true })])
    expect(second.token).toBe(first.token)
    tokens.push(first.token)
    await Promise.all([first.release(), second.release()])
    tokens.push(await other.lock(name, ({ token }) => token))
    expect(tokens.toSorted((a, b) => a - b)).toEqual(tokens)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(tokens.every(Number.isSafeInteger)).toBe(true)
  })

  test('P6: whoever waits is served first come, first served, and a try overtakes nobody', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const lock = await one.lock(name)
    const order: string[] = []
    const turn = async (fp: Locking, who: string) =>
      await waiting(fp, (options) => fp.lock(name, options, () => void order.push(who)))
    const turns = [await turn(other, 'a'), await turn(one, 'b'), await turn(other, 'c')]
    await lock.release()
    expect(await one.tryLock(name)).toBeNull()
    await Promise.all(turns.map(({ pending }) => pending))
    expect(order).toEqual(['a', 'b', 'c'])
  })

  test('a writer that waits is not overtaken by readers', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const reader = await one.lock(name, { shared: true })
    const writer = await waiting(other, (options) => other.lock(name, options))
    expect(await one.tryLock(name, { shared: true })).toBeNull()
    await reader.release()
    await (await writer.pending).release()
  })

  test('P7: a wait that is over says who holds the lock and how many wait, and leaves nothing behind', async () => {
    const [one, other] = [await instance({ application: 'payer' }), await instance()]
    const name = fresh()
    const lock = await one.lock(name)
    const error = await other.lock(name, { wait: '20ms' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', lockName: name, waiting: 0 })
    await lock.release()
    await using _ = await one.lock(name, { wait: '30s' })
  })

  test('a signal gives the wait up with its own reason, and nothing is granted later', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const lock = await one.lock(name)
    const enough = new AbortController()
    const { pending } = await waiting(other, (options) => other.lock(name, { ...options, signal: enough.signal }))
    enough.abort(new Error('enough'))
    await expect(pending).rejects.toThrow('enough')
    await expect(other.lock(name, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    await lock.release()
    await using _ = await one.lock(name, { wait: '30s' })
  })

  test('onWait is told the holder, once', async () => {
    const [one, other] = [await instance({ application: 'the holder' }), await instance()]
    const name = fresh()
    const lock = await one.lock(name)
    await eventuallyWho(one, name)
    const told: unknown[] = []
    const heard = deferred()
    const pending = other.lock(name, {
      onWait: (holder, count) => {
        told.push([holder?.token, holder?.application, holder?.process, count])
        heard.resolve()
      },
    })
    await heard.promise
    await lock.release()
    await (await pending).release()
    expect(told).toEqual([[lock.token, 'the holder', process.pid, 0]])
  })

  test('the callback form gives back what the work returned or threw, and lets go before', async () => {
    const fp = await instance()
    const name = fresh()
    expect(await fp.lock(name, (lock) => lock.name)).toBe(name)
    await expect(fp.lock(name, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
    expect(await fp.tryLock(name, () => 'free')).toBe('free')
  })

  test('a callback joins what it holds with reentrant, and is told at once without', async () => {
    const fp = await instance()
    const name = fresh()
    await fp.lock(name, async (outer) => {
      await expect(fp.lock(name)).rejects.toMatchObject({ code: 'DEADLOCK' })
      await fp.lock(name, { reentrant: true }, (inner) => expect(inner.token).toBe(outer.token))
    })
    await fp.lock(name, { shared: true }, async () => {
      const exclusive = fp.lock(name, { reentrant: true }, () => {})
      await expect(exclusive).rejects.toMatchObject({ code: 'DEADLOCK' })
    })
    expect(await fp.tryLock(name, () => true)).toBe(true)
  })

  test('lockAll takes all or none', async () => {
    const [one, other] = [await instance(), await instance()]
    const [a, b] = [fresh(), fresh()]
    const held = await one.lock(b)
    await expect(other.lockAll([a, b, a], { wait: '20ms' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    expect(await one.tryLock(a, () => true)).toBe(true)
    await held.release()
    await using both = await other.lockAll([a, b, a])
    expect(both.names.toSorted()).toEqual([a, b])
    expect(await one.tryLock(a)).toBeNull()
  })

  test('P8: to release twice throws nothing', async () => {
    const fp = await instance()
    const lock = await fp.lock(fresh())
    await Promise.all([lock.release(), lock.release()])
    await lock.release()
  })

  test('who names the holders, and nobody where it is free', async () => {
    const fp = await instance({ application: 'asked for' })
    const name = fresh()
    expect(await fp.who(name)).toEqual([])
    await using lock = await fp.lock(name)
    const holder = await eventuallyWho(fp, name)
    expect(holder).toMatchObject({
      mode: 'exclusive',
      token: lock.token,
      application: 'asked for',
      process: process.pid,
    })
    expect(holder.acquiredAt).toBeInstanceOf(Date)
  })

  test('events tell of waiting, grants and releases', async () => {
    const [one, other] = [await instance(), await instance()]
    const name = fresh()
    const told: unknown[] = []
    using _waiting = other.on('waiting', (event) => told.push(['waiting', event]))
    using _acquired = other.on('acquired', (event) => told.push(['acquired', event]))
    using _released = other.on('released', (event) => told.push(['released', event]))
    const lock = await one.lock(name)
    const { pending } = await waiting(other, (options) => other.lock(name, options))
    await lock.release()
    const next = await pending
    await next.release()
    const of = { name, namespace: 'default', mode: 'exclusive' }
    expect(told).toEqual([
      ['waiting', of],
      ['acquired', { ...of, token: next.token, waitedMs: expect.any(Number) }],
      ['released', { ...of, token: next.token, heldMs: expect.any(Number) }],
    ])
  })

  test('namespaces do not meet', async () => {
    const [one, other] = [await instance({ namespace: 'one' }), await instance({ namespace: 'other' })]
    const name = fresh()
    await using _ = await one.lock(name)
    await using next = (await other.tryLock(name)) ?? undefined
    expect(next).toBeDefined()
  })

  test('close ends all waits and lets go of everything', async () => {
    const [one, other] = [await instance(), await instance()]
    const [a, b] = [fresh(), fresh()]
    await using held = await one.lock(a)
    await other.lock(b)
    const { pending } = await waiting(other, (options) => other.lock(a, options))
    const closed = other.close()
    await expect(pending).rejects.toMatchObject({ code: 'CLOSED' })
    await closed
    await expect(other.lock(b)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await one.tryLock(b, () => true)).toBe(true)
    expect(held.signal.aborted).toBe(false)
  })

  test('what cannot be right is a TypeError', async () => {
    const fp = await instance()
    const bad = [
      fp.lock(''),
      fp.lock('a', { wait: 5 as unknown as '5s' }),
      fp.lock('a', { patience: '5s' } as LockOptions),
      fp.tryLock('a', { wait: '5s' } as object),
      fp.lockAll([]),
      fp.who('\0'),
      fp.transaction([], () => {}),
    ]
    for (const call of bad) await expect(call).rejects.toThrow(TypeError)
    expect(() => fp.on('won' as 'lost', () => {})).toThrow(TypeError)
  })
})
