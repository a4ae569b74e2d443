import { fence } from 'fencepost'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Radosgw, S3_KEY, S3_SECRET, whyNoS3 } from '../support/radosgw.ts'
import { Remote } from '../support/remote.ts'

const put = () => Promise.reject(new Error('put'))

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

describe.skipIf(whyNoS3 !== undefined)('with an S3 server', () => {
  let s3: Radosgw
  let writer: Remote

  beforeAll(async () => {
    Object.assign(process.env, { S3_KEY, S3_SECRET })
    s3 = await Radosgw.start()
    writer = await Remote.start(database.url)
    await writer.call('outside', 's3Request', '', s3.endpoint, 'PUT', '/fenced')
  })
  afterAll(async () => {
    await writer.kill()
    await s3[Symbol.asyncDispose]()
  })
  const bodyOf = (key: string) => writer.call<string>('outside', 's3Request', '', s3.endpoint, 'GET', `/fenced/${key}`)

  test('FAULTS 1: a holder that was frozen and superseded cannot put an object over that of the next', async () => {
    await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
    await zombie.call('lock', 'a')
    await zombie.call('outside', 's3', 'a', s3.endpoint, 'report', 'first')
    zombie.freeze()
    await writer.call('lock', 'a')
    await writer.call('outside', 's3', 'a', s3.endpoint, 'report', 'second')
    zombie.thaw()
    const late = zombie.call('outside', 's3', 'a', s3.endpoint, 'report', 'third')
    await expect(late).rejects.toMatchObject({ code: 'STALE_TOKEN', message: expect.stringContaining('has been seen') })
    expect(await bodyOf('report')).toBe('second')
    await writer.call('outside', 's3', 'a', s3.endpoint, 'report', 'fourth')
    expect(await bodyOf('report')).toBe('fourth')
  })

  test.each(['over an object', 'where there was none'])(
    'a put between the look and the put of an older holder is not undone, %s',
    async (where) => {
      await writer.call('lock', where)
      const key = encodeURIComponent(where)
      if (where === 'over an object') await writer.call('outside', 's3', where, s3.endpoint, key, 'before')
      const overtaken = { Key: key, Body: 'late', by: { name: where, token: Number.MAX_SAFE_INTEGER } }
      await expect(writer.call('outside', 's3Overtaken', where, s3.endpoint, overtaken)).rejects.toMatchObject({
        code: 'STALE_TOKEN',
      })
      expect(await bodyOf(key)).toBe(String(Number.MAX_SAFE_INTEGER))
    },
  )

  test('a put by the same holder in between is put over', async () => {
    const token = await writer.call<number>('lock', 'b')
    const overtaken = { Key: 'twice', Body: 'late', by: { name: 'b', token } }
    await writer.call('outside', 's3Overtaken', 'b', s3.endpoint, overtaken)
    expect(await bodyOf('twice')).toBe('late')
  })
})

test('an error of the server that says nothing about the object comes out as it is, and nothing is put', async () => {
  const failed = Object.assign(new Error('slow down'), { $metadata: { httpStatusCode: 503 } })
  const commands = { head: () => Promise.reject(failed), put }
  await expect(fence.s3({ name: 'a', token: 2 }, commands, { Bucket: 'b', Key: 'k' })).rejects.toBe(failed)
})

test('metadata that is no token, an object without ETag and a place without a key are refused', async () => {
  const lock = { name: 'a', token: 2 }
  const input = { Bucket: 'b', Key: 'k' }
  const odd = { head: async () => ({ ETag: '"e"', Metadata: { 'fencepost-token': 'x' } }), put }
  await expect(fence.s3(lock, odd, input)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  await expect(fence.s3(lock, { head: async () => ({}), put }, input)).rejects.toThrow(TypeError)
  await expect(fence.s3(lock, odd, { Bucket: 'b' })).rejects.toThrow(TypeError)
})
