import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { isRefused, runSpec, stepsOf, TESTER, valueOf } from './isolation-tester.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const spec = readFileSync(new URL('admit.spec', import.meta.url), 'utf8')
let outcomes: readonly Outcome[] = []

beforeAll(async () => {
  if (TESTER !== undefined) outcomes = (await runSpec(spec, database)).map(outcomeOf)
})

test.skipIf(TESTER === undefined)('P3: whoever reads after admit, in the transaction that writes, pays once', () => {
  const reading = outcomes.filter(({ steps }) => !steps.includes('blind'))
  expect(reading.filter(({ paid }) => paid !== 'old' && paid !== 'new')).toEqual([])
  // The later one waits for whoever is under way, and sees what that has done; the older one that comes later is refused.
  const newer = reading.filter(({ steps }) => /\boa\b.*\bna\b/.test(steps))
  const older = reading.filter(({ steps }) => /\bna\b.*\boa\b/.test(steps))
  expect([newer.length, older.length].every((count) => count > 0)).toBe(true)
  expect(newer.filter(({ paid, refused }) => paid !== 'old' || refused)).toEqual([])
  expect(older.filter(({ paid, refused, retried }) => paid !== 'new' || !(refused || retried))).toEqual([])
})

test.skipIf(TESTER === undefined)('whoever has read before admit may pay a second time', () => {
  const blind = outcomes.filter(({ steps }) => steps.includes('blind'))
  expect(blind).toEqual([expect.objectContaining({ paid: 'old+new', refused: false })])
})

interface Outcome {
  readonly steps: string
  readonly paid: string | undefined
  /** The older token was. */
  readonly refused: boolean
  /** A transaction with a snapshot from before is to be tried again, with 40001. */
  readonly retried: boolean
}

function outcomeOf(text: string): Outcome {
  return {
    steps: stepsOf(text),
    paid: valueOf('paid', text),
    refused: isRefused(text),
    retried: text.includes('could not serialize access'),
  }
}
