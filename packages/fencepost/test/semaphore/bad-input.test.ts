import { fencepost } from 'fencepost'
import { expect, test } from 'vitest'

// Nobody listens there: what is sent would fail otherwise than with a TypeError.
const fp = fencepost('postgres://nobody@127.0.0.1:1/nothing')
// oxlint-disable-next-line typescript/no-explicit-any -- what the types forbid is tried
const semaphore = fp.semaphore as (...args: any[]) => any

test.each([
  [undefined, 1],
  ['', 1],
  [42, 1],
  ['a\0b', 1],
  ['a', undefined],
  ['a', 0],
  ['a', -1],
  ['a', 1.5],
  ['a', 1001],
  ['a', '10'],
  ['a', Number.NaN],
  ['a', 2, { replaces: 0 }],
  ['a', 2, { replaces: '1' }],
  ['a', 2, { limit: 1 }],
  ['a', 2, null],
  ['a', 2, 'x'],
])('semaphore(%j, %j, %j) is a TypeError', (...args) => {
  expect(() => semaphore(...args)).toThrow(TypeError)
})

test.each([
  [{ wait: 5 }],
  [{ wait: '5' }],
  [{ signal: {} }],
  [{ onWait: 1 }],
  [{ shared: true }],
  [{ reentrant: true }],
  [5],
  [null],
  [{}, 'work'],
])('acquire(%j, …) is a TypeError before anything is sent', async (...args) => {
  await expect(semaphore('a', 2).acquire(...args)).rejects.toThrow(TypeError)
})

test.each([[{ wait: '1s' }], [{ onWait: () => {} }], ['x']])('tryAcquire(%j) is a TypeError', async (...args) => {
  await expect(semaphore('a', 2).tryAcquire(...args)).rejects.toThrow(TypeError)
})
