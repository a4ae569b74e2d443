import { fencepost } from 'fencepost'
import { expect, test } from 'vitest'

const fp = fencepost('postgres://nobody@127.0.0.1:1/none')

test.each([5, -1, '5', '-5s', '5 s', 's', '', '1e3s', 'Infinitys', null, {}, '25d'])(
  'a wait of %j is a TypeError that shows how to write it, before anything is sent',
  async (wait) => {
    const locked = fp.lock('a', { wait: wait as '5s' })
    await expect(locked).rejects.toThrow(TypeError)
    await expect(locked).rejects.toThrow(/with a unit such as '250ms'/)
  },
)

test.each(['0s', '1.5s', '250ms', '2h', '24d'] as const)('a wait of %j is understood', async (wait) => {
  await expect(fp.lock('a', { wait, signal: AbortSignal.abort(new Error('asked')) })).rejects.toThrow('asked')
})
