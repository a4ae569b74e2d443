import { fencepost } from 'fencepost'
import { expect, test } from 'vitest'

// Nobody listens there: what is sent would fail otherwise than with a TypeError.
const fp = fencepost('postgres://nobody@127.0.0.1:1/nothing')
// oxlint-disable-next-line typescript/no-explicit-any -- what the types forbid is tried
const single = fp.single as (...args: any[]) => Promise<unknown>
const work = () => 1

test.each([
  [undefined, work],
  ['', work],
  ['a\0b', work],
  ['x'.repeat(1025), work],
  [42, work],
  ['a'],
  ['a', {}],
  ['a', {}, 'work'],
  ['a', null, work],
  ['a', { ttl: 5 }, work],
  ['a', { ttl: '5' }, work],
  ['a', { ttl: '-1s' }, work],
  ['a', { ttl: '36501d' }, work],
  ['a', { wait: '25d' }, work],
  ['a', { wait: 0 }, work],
  ['a', { signal: {} }, work],
  ['a', { retention: '1s' }, work],
])('single(%j, %j, …) is a TypeError', async (...args) => {
  await expect(single(...args)).rejects.toThrow(TypeError)
})

test('a database that cannot be reached is told to all who wait', async () => {
  const both = [single('a', work), single('a', work)]
  await Promise.all(both.map((one) => expect(one).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })))
})
