import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { Tab } from './tab.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url)
const { locks } = fp
await database.admin.query('create table effects (name text)')
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

test("W16: a callback that ends after its lock was stolen lets go of nothing that is the thief's, on the same connection", async () => {
  const [called, end, taken, over] = [deferred(), deferred(), deferred(), deferred()]
  const stolen = locks.request('late end', async () => {
    called.resolve()
    await end.promise
    over.resolve()
  })
  await called.promise
  const thief = locks.request('late end', { steal: true }, async (lock) => {
    taken.resolve()
    await over.promise
    await lock.transaction((tx) => tx.query('select 1'))
    return await locks.request('late end', { ifAvailable: true }, (other) => other)
  })
  await expect(stolen).rejects.toMatchObject({ name: 'AbortError' })
  await taken.promise
  expect((await locks.query()).held.filter(({ name }) => name === 'late end')).toHaveLength(1)
  end.resolve()
  expect(await thief).toBeNull()
})

test('W16: only the name that is asked for is stolen, whatever else its holder has', async () => {
  await using tab = await Tab.open(database.url)
  const [one, other] = [await tab.ask('one'), await tab.ask('other')]
  await Promise.all([one.called(), other.called()])
  await locks.request('one', { steal: true }, () => {})
  expect(await one.outcome()).toMatchObject({ error: 'AbortError' })
  await other.write('insert into effects (name) values ($$kept$$)')
  expect(await locks.request('other', { ifAvailable: true }, (lock) => lock)).toBeNull()
  await other.release('done')
  expect(await other.outcome()).toMatchObject({ value: 'done' })
})
