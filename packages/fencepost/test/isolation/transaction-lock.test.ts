import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { runSpec, TESTER, valueOf } from './isolation-tester.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const spec = readFileSync(new URL('transaction-lock.spec', import.meta.url), 'utf8')
let outcomes: readonly Outcome[] = []

beforeAll(async () => {
  if (TESTER !== undefined) outcomes = (await runSpec(spec, database)).map(outcomeOf)
})

test.skipIf(TESTER === undefined)(
  'P3: in every interleaving a late guard is refused, or its transaction was wholly before the grant of the transaction lock',
  () => {
    expect(outcomes).toHaveLength(spec.match(/^permutation /gm)?.length ?? 0)
    const guarded = outcomes.filter(({ steps }) => /\bog\b/.test(steps))
    const allowed = guarded.filter(
      ({ sees, stays, refused }) => sees === stays && stays === (refused ? 'nobody' : 'old'),
    )
    expect(allowed).toEqual(guarded)
    // A guard that has passed keeps the transaction lock waiting; while that is held, a late guard waits, to be refused.
    const inFlight = guarded.filter(({ steps, refused }) => /\bog\b.*\bnl\b.*\boc\b/.test(steps) && !refused)
    const late = guarded.filter(({ steps }) => /\bnl\b.*\bog\b.*\bnc\b/.test(steps))
    for (const some of [inFlight, late]) expect(some).not.toEqual([])
    expect(inFlight.filter(({ waits }) => !waits.includes('nl'))).toEqual([])
    expect(late.filter(({ waits, refused }) => !waits.includes('og') || !refused)).toEqual([])
  },
)

test.skipIf(TESTER === undefined)('P1: a transaction lock and a session lock are never held together', () => {
  const beside = outcomes.filter(({ steps }) => /\bal\b/.test(steps))
  const comesSecond = beside.filter(({ steps }) => /\bnl\b.*\bal\b/.test(steps))
  for (const one of beside) {
    expect(one).toMatchObject({ sees: comesSecond.includes(one) ? 'new' : 'nobody', stays: 'new', refused: false })
  }
  expect(comesSecond.some(({ waits }) => waits.includes('al'))).toBe(true)
  expect(beside.some(({ waits }) => waits.includes('nl'))).toBe(true)
})

test.skipIf(TESTER === undefined)('H2: a transaction lock is refused at REPEATABLE READ and SERIALIZABLE', () => {
  const refused = outcomes.filter(({ steps }) => /\bl[23]\b/.test(steps))
  expect(refused.map(({ level }) => level)).toEqual(['repeatable read', 'serializable'])
})

interface Outcome {
  readonly steps: string
  /** The steps that did not end at once. */
  readonly waits: readonly string[]
  readonly sees: string | undefined
  readonly stays: string | undefined
  readonly refused: boolean
  readonly level: string | undefined
}

function outcomeOf(text: string): Outcome {
  return {
    steps: text.split('\n')[0] ?? '',
    waits: [...text.matchAll(/^step (\w+): [^;]*;[^\n]*<waiting \.\.\.>$/gm)].map(([, step]) => step ?? ''),
    sees: valueOf('granted_sees', text),
    stays: valueOf('stays', text),
    refused: /ERROR: {2}token \d+ of lock "account:1" is stale/.test(text),
    level: /ERROR: {2}a lock cannot be taken at isolation level (.*)$/m.exec(text)?.[1],
  }
}
