import { key } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneWithRoles } from './clone-with-roles.ts'

const { database, open, as } = await cloneWithRoles(`fp_taking_${process.pid}`)
afterAll(() => database[Symbol.asyncDispose]())

test('admin takes a lock away from its holder; use and inspect may not, nor ask the holder behind the procedure', async () => {
  await using fp = open('user')
  await using boss = open('boss')
  await using lock = await fp.lock('evicted')
  const request = `insert into fencepost.evictions (session, key, token, expires_at) values (1, 1, 1, 'infinity')`
  for (const role of ['user', 'looker'] as const) {
    for (const statement of [`call fencepost.evict('evicted')`, request])
      await expect(as(role, (client) => client.query(statement))).rejects.toMatchObject({ code: '42501' })
  }
  expect(lock.signal.aborted).toBe(false)
  expect(await boss.evict('evicted', { grace: '60s' })).toMatchObject({ outcome: 'released', token: lock.token })
})

test('admin steals a lock; use may not, held or free', async () => {
  await using fp = open('user')
  await using boss = open('boss')
  await using lock = await fp.lock('stolen')
  for (const name of ['stolen', 'free']) {
    const stolen = fp.locks.request(name, { steal: true }, () => {})
    await expect(stolen).rejects.toMatchObject({ code: 'MISSING_PRIVILEGE' })
  }
  expect(lock.signal.aborted).toBe(false)
  expect(await boss.locks.request('stolen', { steal: true }, () => lock.signal.aborted)).toBe(true)
})

test('a role of use locks, shares and tries keys of other programs; one of inspect sees who has them, and admin takes them away', async () => {
  await using fp = open('user')
  await using boss = open('boss')
  const [number, pair] = [key.int8(42), key.int4(1, 2)]
  await using lock = await fp.lock(number)
  await using shared = await fp.lock(pair, { shared: true })
  expect(await fp.tryLock(number)).toBeNull()
  expect(await boss.who(pair)).toMatchObject([{ token: shared.token, mode: 'shared' }])
  await as('looker', async (client) => {
    const inspect = `select token from fencepost.inspect_foreign('${number.name}', 'default', null, 42, null)`
    expect((await client.query(inspect)).rows).toEqual([{ token: String(lock.token) }])
    for (const statement of [
      `select fencepost.try_foreign('exclusive', 43, null)`,
      `select fencepost.take_foreign(1, 2, null, 'exclusive', 43, null)`,
      `select fencepost.acquire_foreign(1, 2, 'exclusive', 43, null)`,
    ])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
  })
  await as('user', async (client) => {
    for (const statement of [`select fencepost.keep_gate(1)`, `select fencepost.take_over(1, 2)`])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
  })
  expect(await boss.evict(number, { grace: '60s' })).toMatchObject({ outcome: 'released', token: lock.token })
})
