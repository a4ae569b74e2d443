import { type AnyTransaction, fencepost, lockInTransaction } from 'fencepost'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { CLIENTS, type OpenClient, openClient, wanting } from './clients.ts'

const database = await cloneDatabase()
beforeAll(() => database.admin.query('create table effects (who text)'))
afterAll(() => database[Symbol.asyncDispose]())

// Every sign that some client takes for a placeholder, a quote or an escape.
const NAME = `it's "a" ? \\? \\\\? $1 $$ :name @p %s {x} \\u0041 --/* żółć 🔒`

const effects = async () =>
  (await database.admin.query<{ who: string }>('select who from effects')).rows.map(({ who }) => who)
const insert = (who: string) => `insert into effects values ('${who}')`
const backendOf = async (name: string) => {
  const text = 'select backend from fencepost.who($1)'
  return (await database.admin.query<{ backend: number }>(text, [name])).rows[0]?.backend
}

describe.skipIf(wanting !== '').each(CLIENTS)('through %s', (name) => {
  let client: OpenClient
  beforeAll(async () => {
    client = await openClient(name, database.url)
  })
  afterAll(() => client.close())

  test('P3: a guarded transaction commits, and keeps the next holder out until it has', async () => {
    await using fp = fencepost(database.url)
    await using lock = await fp.lock(NAME)
    await client.transaction(async (tx, run) => {
      await run(insert(`${name} holds`))
      await lock.guard(tx)
      await lock.release()
      expect(await fp.tryLock(NAME)).toBeNull()
    })
    expect(await effects()).toContain(`${name} holds`)
    await using _ = await fp.lock(NAME, { wait: '30s' })
  })

  test('FAULTS 2, P3: a holder whose backend was terminated is refused, and its write is not there', async () => {
    await using fp = fencepost(database.url)
    await using others = fencepost(database.url)
    const lock = await fp.lock(NAME)
    const refused = client.transaction(async (tx, run) => {
      await run(insert(`${name} is a zombie`))
      await database.admin.query('select pg_terminate_backend($1, 5000)', [await backendOf(NAME)])
      await using next = await others.lock(NAME)
      expect(next.token).toBeGreaterThan(lock.token)
      const guarded = lock.guard(tx)
      await expect(guarded).rejects.toMatchObject({ code: 'STALE_TOKEN', message: expect.stringContaining('held now') })
      await guarded
    })
    await expect(refused).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    expect(await effects()).not.toContain(`${name} is a zombie`)
  })

  test('FAULTS 1, P3: a holder frozen in its transaction wakes after the next was granted, and is refused', async () => {
    await using zombie = await Remote.run('adapters/clients/holder.js', [name, database.url, { freezeTimeout: '1s' }])
    await using fp = fencepost(database.url)
    const token = await zombie.call<number>('lock', `frozen ${name}`)
    await zombie.call('write', insert(`${name} was frozen`))
    zombie.freeze()
    await using next = await fp.lock(`frozen ${name}`)
    expect(next.token).toBeGreaterThan(token)
    zombie.thaw()
    await expect(zombie.call('guard')).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await zombie.kill()
    expect(await effects()).not.toContain(`${name} was frozen`)
  })

  test('P7: outside a transaction a guard is refused, and nothing is locked', async () => {
    await using fp = fencepost(database.url)
    await using lock = await fp.lock(NAME)
    for (const outside of client.outside) {
      await expect(lock.guard(outside)).rejects.toMatchObject({ code: 'NOT_IN_TRANSACTION' })
      await expect(lockInTransaction(outside, 'another')).rejects.toMatchObject({ code: 'NOT_IN_TRANSACTION' })
    }
    for (const pool of client.pools ?? []) await expect(lock.guard(pool)).rejects.toThrow(TypeError)
    expect(await backendOf('another')).toBeUndefined()
  })

  test('P7: a handle that is used after its transaction has ended guards nothing, and says so', async () => {
    await using fp = fencepost(database.url)
    await using lock = await fp.lock(NAME)
    let ended: AnyTransaction | undefined
    await client.transaction(async (tx) => {
      ended = tx
    })
    const failed = await lock.guard(ended as AnyTransaction).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Error)
    expect(String(failed)).toMatch(/transaction|released/i)
  })

  test.each(['commit', 'rollback'])('a transaction lock excludes session locks, until the %s', async (end) => {
    await using fp = fencepost(database.url)
    const transaction = client.transaction(async (tx, run) => {
      const token = await fp.lockInTransaction(tx, NAME, { wait: '30s' })
      expect(await fp.lockInTransaction(tx, NAME)).toBe(token)
      expect(await fp.who(NAME)).toMatchObject([{ token }])
      expect(await fp.tryLock(NAME)).toBeNull()
      await run(insert(`${name}: ${end}`))
      if (end === 'rollback') throw new Error('mine')
    })
    if (end === 'rollback') await expect(transaction).rejects.toThrow('mine')
    else await transaction
    expect((await effects()).includes(`${name}: ${end}`)).toBe(end === 'commit')
    await using _ = await fp.lock(NAME, { wait: '30s' })
    const timedOut = client.transaction((tx) => fp.lockInTransaction(tx, NAME, { wait: '10ms' }))
    await expect(timedOut).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  })

  test('FAULTS 2, P3: a zombie of a session lock is refused once a transaction has taken it', async () => {
    await using fp = fencepost(database.url)
    const lock = await fp.lock(NAME)
    await database.admin.query('select pg_terminate_backend($1, 5000)', [await backendOf(NAME)])
    await eventually(async () => lock.signal.aborted)
    await client.transaction(async (tx) => {
      expect(await fp.lockInTransaction(tx, NAME, { wait: '30s' })).toBeGreaterThan(lock.token)
    })
    await expect(client.transaction((tx) => lock.guard(tx))).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  })
})
