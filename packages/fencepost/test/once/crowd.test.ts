import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { Remote } from '../support/remote.ts'
import { createEffects, effectsOf } from './effects.ts'

const PROCESSES = 4
const CALLERS = 20

const database = await cloneDatabase()
await createEffects(database.admin)
afterAll(() => database[Symbol.asyncDispose]())

test('once: of 20 callers in each of 4 processes one runs the function, and all get what it returned', async () => {
  const remotes = await Promise.all(Array.from({ length: PROCESSES }, () => Remote.start(database.url)))
  for (const key of ['first', 'second', 'third']) {
    const results = await Promise.all(remotes.map((remote) => remote.call<object[]>('onceByMany', key, CALLERS)))
    expect(results.flat()).toHaveLength(PROCESSES * CALLERS)
    expect(new Set(results.flat().map((result) => JSON.stringify(result))).size).toBe(1)
    expect(await effectsOf(database.admin, key)).toHaveLength(1)
  }
  await Promise.all(remotes.map((remote) => remote.kill()))
})
