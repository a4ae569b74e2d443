import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { isRefused, runSpec, stepsOf, TESTER, valueOf } from './isolation-tester.ts'

const database = await cloneDatabase()
const client = await database.admin.connect()
afterAll(async () => {
  client.release(true)
  await database[Symbol.asyncDispose]()
})

test.skipIf(TESTER === undefined)(
  'P3: in every interleaving the guard of an evicted holder is refused, or its transaction was committed before the eviction returned',
  async () => {
    const spec = readFileSync(new URL('evict.spec', import.meta.url), 'utf8')
    const evict = async () => {
      const { rows } = await database.admin.query(`call fencepost.evict('account:1', grace => '60 s')`)
      await database.admin.query('insert into evicted values ($1)', [rows[0].outcome])
    }
    client.on('notification', () => void evict())
    await client.query('listen evict')
    const outcomes = (await runSpec(spec, database)).map((text) => ({
      steps: stepsOf(text),
      outcome: valueOf('outcome', text),
      sees: valueOf('evicted_sees', text),
      stays: valueOf('stays', text),
      refused: isRefused(text),
    }))
    const allowed = outcomes.filter(
      ({ outcome, sees, stays, refused }) =>
        outcome === 'released' && sees === stays && stays === (refused ? 'nobody' : 'old'),
    )
    expect(allowed).toEqual(outcomes)
    // A guard that passed before commits, one that comes after the closing of the gate does not.
    const passed = outcomes.filter(({ steps }) => /\bog\b.*\bev\b/.test(steps))
    expect(passed.filter(({ refused }) => refused)).toEqual([])
    expect(outcomes.filter((one) => !passed.includes(one)).filter(({ refused }) => !refused)).toEqual([])
    expect([passed.length > 0, passed.length < outcomes.length]).toEqual([true, true])
  },
)
