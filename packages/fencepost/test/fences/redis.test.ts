import { fence } from 'fencepost'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { startRedis, whyNoRedis } from '../support/redis.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

describe.skipIf(whyNoRedis !== undefined)('with Redis', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let writer: Remote

  beforeAll(async () => {
    server = await startRedis()
    writer = await Remote.start(database.url)
  })
  afterAll(async () => {
    await writer.kill()
    await server[Symbol.asyncDispose]()
  })
  const write = (who: Remote, value: string) =>
    who.call('outside', 'redis', 'a', server.port, [
      ['SET', 'stock', value],
      ['INCR', 'writes'],
    ])
  const plain = (...words: string[]) => writer.call('outside', 'redisCommand', '', server.port, words)

  test('FAULTS 1: a holder that was frozen and superseded cannot write over what the next has written', async () => {
    await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
    await zombie.call('lock', 'a')
    expect(await write(zombie, 'first')).toEqual(['OK', 1])
    zombie.freeze()
    await writer.call('lock', 'a')
    expect(await write(writer, 'second')).toEqual(['OK', 2])
    zombie.thaw()
    await expect(write(zombie, 'third')).rejects.toMatchObject({ code: 'LK001' })
    expect(await plain('MGET', 'stock', 'writes')).toEqual(['second', '2'])
    expect(await write(writer, 'fourth')).toEqual(['OK', 3])
  })

  test('without commands the token is only made known, and an older holder is refused from then on', async () => {
    await writer.call('lock', 'b')
    expect(await writer.call('outside', 'redis', 'b', server.port, [])).toEqual([])
    await plain('SET', 'fencepost:b', String(Number.MAX_SAFE_INTEGER))
    const late = writer.call('outside', 'redis', 'b', server.port, [['SET', 'b', 'late']])
    await expect(late).rejects.toMatchObject({ code: 'LK001', message: expect.stringContaining('9007199254740991') })
    expect(await plain('GET', 'b')).toBeNull()
  })

  test('tokens that differ by one at the end of their range are told apart', async () => {
    const [high, low] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1]
    for (const [token, isRefused] of [
      [low, false],
      [high, false],
      [low, true],
      [high, false],
    ] as const) {
      const { script, keys, args } = fence.redis({ name: 'edge', token }, [['SET', 'edge', String(token)]])
      const done = plain('EVAL', script, String(keys.length), ...keys, ...args)
      if (isRefused) await expect(done).rejects.toMatchObject({ code: 'LK001' })
      else await done
    }
    expect(await plain('GET', 'edge')).toBe(String(high))
  })

  test('tokenKey chooses where the token is remembered, keepFor for how long', async () => {
    await writer.call('lock', 'c')
    const options = { tokenKey: '{c}:token', keepFor: '10m' }
    await writer.call('outside', 'redis', 'c', server.port, [['SET', '{c}', '1']], options)
    expect(await plain('PTTL', '{c}:token')).toBeGreaterThan(500_000)
    expect(await plain('EXISTS', 'fencepost:c')).toBe(0)
  })
})

test('a lock that was released, a token that is none and a bare number for a time are refused at once', () => {
  expect(() => fence.redis({ name: 'a', token: 2, isReleased: true })).toThrow(/has been released/)
  expect(() => fence.redis({ name: 'a', token: 0.5 })).toThrow(TypeError)
  expect(() => fence.redis({ name: 'a', token: 2 }, [], { keepFor: 5 as never })).toThrow(TypeError)
})
