import { expect, test } from 'vitest'
import { modes } from '../soak/modes.js'
import { readOptions, usage } from '../soak/read-options.js'

test('a mode gets what was said of it and its defaults, and a random seed', () => {
  const read = readOptions(['zombies', '--fault', 'server-kill', '--rounds', '100'])
  expect(read).toMatchObject({
    mode: 'zombies',
    options: { fault: 'server-kill', rounds: 100, holders: 12, postgres: null },
  })
  expect(Number.isInteger(read?.options['seed'])).toBe(true)
  expect(readOptions(['history', '--server-crash', '--seed', '7'])?.options).toEqual({
    seconds: 600,
    processes: 6,
    seed: 7,
    postgres: null,
    serverCrash: true,
    keep: false,
  })
})

test.each([
  [[], /what to soak\? There are: history, zombies, failover/],
  [['dance'], /what to soak\?/],
  [['failover', '--seconds', '1'], /Unknown option '--seconds'/],
  [['failover', '--rounds', '0'], /--rounds must be a whole number from 1 to 1000; got '0'/],
  [['zombies', '--fault', 'rain'], /--fault must be one of pause, terminate, server-kill; got 'rain'/],
])('%j is refused with what there is', (args, says) => {
  expect(() => readOptions(args)).toThrow(says)
})

test('help tells of every mode and option', () => {
  expect(readOptions(['zombies', '--help'])).toBeNull()
  for (const [mode, { numbers, choices, flags }] of Object.entries(modes)) {
    expect(usage()).toContain(`npm run soak -- ${mode}`)
    for (const option of [numbers, choices, flags].flatMap(Object.keys)) expect(usage()).toContain(`--${option}`)
  }
})
