import { keyOf } from 'fencepost'
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
