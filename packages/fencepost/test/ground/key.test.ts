import { fencepost, keyOf } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const VECTORS: [name: string, namespace: string, key: bigint][] = [
  ['account:42', 'default', -6031331198100562624n],
  ['', 'default', -5824519181021501571n],
  ['zażółć', 'default', -4814348767867871889n],
  ['account:42', '', 2428097760086767762n],
]

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.each(VECTORS)('the key of %j in namespace %j is the golden one, here and in SQL', async (name, namespace, key) => {
  expect(keyOf(name, namespace)).toBe(key)
  const { rows } = await database.admin.query('select fencepost.key($1, $2)', [name, namespace])
  expect(rows).toEqual([{ key: String(key) }])
})

test('a name and its gate have different keys, and so have the same names of two namespaces', async () => {
  const { rows } = await database.admin.query(
    `select fencepost.key('a') as key, fencepost.gate('a') as gate, fencepost.key('a', 'b') as other`,
  )
  expect(new Set(Object.values(rows[0])).size).toBe(3)
})

test.each(VECTORS)('the gate of %j in namespace %j follows from its key alone', async (name, namespace, key) => {
  const halves = [BigInt.asUintN(32, key), BigInt.asUintN(32, key >> 32n)] as const
  const gate = BigInt.asIntN(64, (halves[0] << 32n) | halves[1]) ^ 7760462546175236910n
  const { rows } = await database.admin.query(
    'select fencepost.gate($1, $2) as by_name, fencepost.gate_of($3) as by_key',
    [name, namespace, key],
  )
  expect(rows).toEqual([{ by_name: String(gate), by_key: String(gate) }])
})

test('the library closes the gate that SQL knows: a guarded transaction in flight keeps its lock from the next', async () => {
  await using fp = fencepost(database.url)
  const client = await database.admin.connect()
  await client.query(`begin; select pg_advisory_xact_lock_shared(fencepost.gate('b'))`)
  expect(await fp.tryLock('b')).toBe(null)
  await client.query('commit')
  client.release()
  await using lock = await fp.lock('b', { wait: '30s' })
  const { rows } = await database.admin.query(`select token from fencepost.who('b')`)
  expect(rows).toEqual([{ token: String(lock.token) }])
})
