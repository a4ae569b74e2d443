import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { checkModels } from '../model/check-models.js'
import { readOutcome } from '../model/read-outcome.js'
import { seededFolder } from './seeded-folder.js'

// Two who add to a number; without the lock of `atomic` one of the two is lost.
const COUNTER = `byte n, done
#ifdef COMMENT_ONLY
/* it changes nothing */
#endif
active [2] proctype Adder() {
  byte seen;
#ifdef NOT_ATOMIC
  seen = n; n = seen + 1;
#else
  atomic { seen = n; n = seen + 1 };
#endif
  atomic { done++; assert(done < 2 || n == 2) }
}
`
const isRunnable = ['spin -V', 'gcc --version'].every((command) => {
  const [program = '', flag = ''] = command.split(' ')
  try {
    execFileSync(program, [flag], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})
if (!isRunnable) console.warn('skipped: models that are run; spin or gcc is missing (Debian: apt-get install spin gcc)')

/** @param {{ flags?: string[], mutants?: string[] }} changes */
async function check({ flags = [], mutants = [] }) {
  const folder = seededFolder({ 'models/counter.pml': COUNTER })
  const models = [{ name: 'counter', file: 'counter.pml', flags, mutants }]
  const results = await checkModels(models, { sources: `${folder}/models`, folder, atOnce: 2, tell: () => {} })
  return results.map(({ mutant, isOk }) => [mutant, isOk])
}

test.runIf(isRunnable)('a model that holds passes, and so does a mutant in which a violation is found', async () => {
  const results = await check({ mutants: ['NOT_ATOMIC'] })
  expect(results).toHaveLength(2)
  expect(results).toEqual(
    expect.arrayContaining([
      [null, true],
      ['NOT_ATOMIC', true],
    ]),
  )
})

test.runIf(isRunnable)('a mutant that survives fails', async () => {
  expect(await check({ mutants: ['COMMENT_ONLY'] })).toContainEqual(['COMMENT_ONLY', false])
})

test.runIf(isRunnable)('a model that is violated fails', async () => {
  expect(await check({ flags: ['NOT_ATOMIC'] })).toEqual([[null, false]])
})

test('a flag that the model does not know fails', async () => {
  await expect(check({ mutants: ['NOT_ATOMIK'] })).rejects.toThrow('knows nothing of NOT_ATOMIK')
})

test('a search that has not seen every state is not whole', () => {
  const whole =
    'State-vector 56 byte, depth reached 88, errors: 0\n 23355 states, stored\npan: elapsed time 0.11 seconds'
  expect(readOutcome(whole)).toEqual({ violation: null, isWhole: true, states: 23_355, seconds: 0.11 })
  expect(readOutcome(`error: max search depth too small\n${whole}`)).toMatchObject({ isWhole: false })
  expect(readOutcome('pan: reached -DMEMLIM bound')).toMatchObject({ isWhole: false })
})
