import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { runSpec, TESTER, valueOf } from './isolation-tester.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const LOCK = `call fencepost.lock('account:1');`
const SHARE = `select fencepost.acquire_shared(fencepost.key('account:1'), fencepost.gate('account:1')) is not null as held;`

/** The spec is written for two exclusive holders; as readers they take the lock otherwise, and all else stays. */
const HOLDERS: [old: string, next: string, place: (spec: string) => string][] = [
  ['writer', 'writer', (spec) => spec],
  ['reader', 'writer', (spec) => replaceOnce(spec, `setup { ${LOCK} }`, `setup { ${SHARE} }`)],
  ['writer', 'first reader', (spec) => replaceOnce(spec, `step nl { ${LOCK} }`, `step nl { ${SHARE} }`)],
]

test.skipIf(TESTER === undefined).each(HOLDERS)(
  'FAULTS 16, P3: in every interleaving the late guard of a %s is refused, or its transaction was wholly before the grant of a %s',
  async (_, __, place) => {
    const spec = place(readFileSync(new URL('guard.spec', import.meta.url), 'utf8'))
    const permutations = await runSpec(database, spec)
    expect(permutations).toHaveLength(spec.match(/^permutation /gm)?.length ?? 0)

    const outcomes = permutations.map((text) => ({
      steps: text.split('\n')[0] ?? '',
      waits: /^step nl: .*<waiting \.\.\.>$/m.test(text),
      sees: valueOf('granted_sees', text),
      stays: valueOf('stays', text),
      refused: /ERROR: {2}token \d+ of lock "account:1" is stale/.test(text),
    }))
    // Refused and nothing written, or committed before the grant and seen by the new holder. Nothing else.
    const allowed = outcomes.filter(
      ({ sees, stays, refused }) => sees === stays && stays === (refused ? 'nobody' : 'old'),
    )
    expect(allowed).toEqual(outcomes)
    // A guard that has passed keeps the grant waiting until its transaction has ended, whatever happens in between.
    const inFlight = outcomes.filter(({ steps, refused }) => /\bog\b.*\bnl\b.*\boc\b/.test(steps) && !refused)
    expect(inFlight).not.toEqual([])
    expect(inFlight.filter(({ waits }) => !waits)).toEqual([])
    expect(outcomes.some(({ refused }) => refused)).toBe(true)
    expect(outcomes.some(({ refused }) => !refused)).toBe(true)
  },
)

function replaceOnce(spec: string, part: string, other: string): string {
  expect(spec.split(part)).toHaveLength(2)
  return spec.replace(part, other)
}
