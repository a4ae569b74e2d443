import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { outcomesOf, TESTER } from './isolation-tester.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

test.skipIf(TESTER === undefined)(
  'FAULTS 16, P3: in every interleaving the late write to a protected table is refused, or its transaction was wholly before the grant',
  async () => {
    const outcomes = await outcomesOf(readFileSync(new URL('protect.spec', import.meta.url), 'utf8'), database)
    // Refused and nothing written, or committed before the grant and seen by the new holder. Nothing else.
    const allowed = outcomes.filter(
      ({ sees, stays, refused }) => sees === stays && stays === (refused ? 'nobody' : 'old!'),
    )
    expect(allowed).toEqual(outcomes)
    // A write that has passed keeps the grant waiting until its transaction has ended, whatever happens in between.
    const inFlight = outcomes.filter(({ steps, refused }) => /\bow\b.*\bnl\b.*\boc\b/.test(steps) && !refused)
    expect(inFlight).not.toEqual([])
    expect(inFlight.filter(({ waits }) => !waits)).toEqual([])
    expect(outcomes.some(({ refused }) => refused)).toBe(true)
    expect(outcomes.some(({ refused }) => !refused)).toBe(true)
  },
)
