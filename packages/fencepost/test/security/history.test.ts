import { afterAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { cloneWithRoles } from './clone-with-roles.ts'

const { database, open, as } = await cloneWithRoles(`fencepost_past_${process.pid}`)
afterAll(() => database[Symbol.asyncDispose]())

test('who may lock writes the history, who may look reads it, and who may evict switches it', async () => {
  await using boss = open('boss')
  await using user = open('user')
  await using looker = open('looker')
  await boss.history.record('a')
  await user.lock('a', async () => {})
  await eventually(async () => (await boss.history.list('a')).some(({ state }) => state === 'released'))
  const read = await as('looker', async (client) => await client.query('select state from fencepost.history'))
  expect(read.rows).toEqual([{ state: 'released' }])
  for (const fp of [user, looker]) {
    await expect(fp.history.record('b')).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
    await expect(fp.history.stop()).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
  }
  await as('nobody', async (client) => {
    await expect(client.query('select * from fencepost.history')).rejects.toMatchObject({ code: '42501' })
  })
  const held = await user.lock('a')
  expect(await boss.evict('a')).toMatchObject({ token: held.token })
  await eventually(async () => (await boss.history.list('a')).some(({ state }) => state === 'evicted'))
  expect(await boss.history.stop('a')).toBe(true)
})
