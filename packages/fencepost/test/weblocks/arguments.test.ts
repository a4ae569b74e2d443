import { fencepost, key } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

// As code without types may call it.
const request = fp.locks.request.bind(fp.locks) as (...args: unknown[]) => Promise<unknown>
const callback = (lock: unknown) => lock

test.each([
  ['no arguments', []],
  ['no callback', ['a']],
  ['no callback behind options', ['a', {}]],
  ['options that stand where the callback belongs', ['a', { mode: 'shared' }, undefined]],
  ['a callback that is no function', ['a', 123]],
  ['null for a callback', ['a', null]],
  ['a callback that is no function behind options', ['a', {}, 'callback']],
  ['an object with a handler for a callback', ['a', {}, { handleEvent() {} }]],
  ['options that are a number', ['a', 1, callback]],
  ['options that are a text', ['a', 'shared', callback]],
  ['a symbol for a name', [Symbol('a'), callback]],
  ['a key of another program, as its text would lock the name alone', [key.prisma(), callback]],
  ['an unknown mode', ['a', { mode: 'both' }, callback]],
  ['null for a mode', ['a', { mode: null }, callback]],
  ['a mode in capitals', ['a', { mode: 'SHARED' }, callback]],
  ['null for a signal', ['a', { signal: null }, callback]],
  ['a signal that is none', ['a', { signal: { aborted: false } }, callback]],
])('W8: rejects with a TypeError: %s', async (_, args) => {
  await expect(request(...args)).rejects.toBeInstanceOf(TypeError)
})

test.each([
  ['a name that begins with a hyphen', ['-a', callback]],
  ['a name that is a hyphen', ['-', callback]],
  ['steal and ifAvailable', ['a', { steal: true, ifAvailable: true }, callback]],
  ['steal and mode shared', ['a', { steal: true, mode: 'shared' }, callback]],
  ['signal and steal', ['a', { signal: new AbortController().signal, steal: true }, callback]],
  ['signal and ifAvailable', ['a', { signal: new AbortController().signal, ifAvailable: true }, callback]],
  ['a signal that is aborted, and a name that is reserved', ['-a', { signal: AbortSignal.abort() }, callback]],
  ['a signal that is aborted, and ifAvailable', ['a', { signal: AbortSignal.abort(), ifAvailable: true }, callback]],
])('W10, W11, W12, W13, W14: rejects with a NotSupportedError: %s', async (_, args) => {
  const error = await request(...args).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(DOMException)
  expect(error).toMatchObject({ name: 'NotSupportedError', code: DOMException.NOT_SUPPORTED_ERR })
})

test('W8: a wrong argument is told by the promise, and never thrown', () => {
  expect(() => {
    request().catch(() => {})
    request('-a', callback).catch(() => {})
  }).not.toThrow()
})

test('W9: converted as WebIDL has it: options that are undefined, null or a function, unknown ones, and truthy flags', async () => {
  for (const options of [undefined, null, () => {}, { unknown: 1 }, { mode: undefined, signal: undefined }])
    expect(await request('a', options, callback)).toMatchObject({ name: 'a', mode: 'exclusive' })
  expect(await request('a', { ifAvailable: 'yes', steal: 0 }, callback)).toMatchObject({ name: 'a' })
  const mode = { toString: () => 'shared' }
  expect(await request('a', { mode }, callback)).toMatchObject({ mode: 'shared' })
})

test('W9: names are converted to strings', async () => {
  expect(await request(123, callback)).toMatchObject({ name: '123' })
  expect(await request(null, callback)).toMatchObject({ name: 'null' })
  expect(await request({}, callback)).toMatchObject({ name: '[object Object]' })
  expect(await request(undefined, callback)).toMatchObject({ name: 'undefined' })
})

test('takes two arguments or three, as request.length says', () => {
  const { locks }: { locks: Record<'request' | 'query', { readonly length: number }> } = fp
  expect([locks.request.length, locks.query.length]).toEqual([2, 0])
})

test.each(['', 'a\0b', '\0', '\uD800', '\uDC00x', 'ü-🔒', ' ', 'x'.repeat(1025), '🔒'.repeat(400)])(
  'W3: any string is a name, and another than any other: %j',
  async (name) => {
    await fp.locks.request(name, async (lock) => {
      expect(lock.name).toBe(name)
      expect(await fp.locks.request(name, { ifAvailable: true }, callback)).toBeNull()
      for (const other of [`${name}x`, '\uFFFD', '\uD801', ' \0', 'x'.repeat(1026)])
        expect(await fp.locks.request(other, { ifAvailable: true }, callback)).toMatchObject({ name: other })
      const { held } = await fp.locks.query()
      const told = Buffer.byteLength(name) > 1024 ? expect.stringMatching(/^-sha256:[0-9a-f]{64}$/) : name
      expect(held.map((one) => one.name)).toEqual([told])
    })
  },
)

test('a name is that of the same lock for fp.lock', async () => {
  await using _ = await fp.lock('both')
  expect(await fp.locks.request('both', { ifAvailable: true }, callback)).toBeNull()
})
