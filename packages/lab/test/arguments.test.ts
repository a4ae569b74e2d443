import { expect, test } from 'vitest'
import { parseArguments } from '../src/cli/arguments.ts'
import { CONTENDER_NAMES, loadContender } from '../src/contenders/all.ts'

const names = (args: string[]) => parseArguments(args)?.trials.map(({ fault, moment }) => `${fault.name}:${moment}`)

test('a quick run has a few faults, a full one all, and each rounds of its own', () => {
  expect(names([])).toEqual(names(['--quick']))
  expect(names(['--quick'])).toContain('freeze:in-write')
  expect(names(['--full'])).toEqual(expect.arrayContaining(['partition:after-check', 'promotion:before-check']))
  expect(parseArguments(['--quick'])).toMatchObject({ rounds: 4, contenders: CONTENDER_NAMES })
  expect(parseArguments(['--full', '--rounds', '7', '--seed', '3'])).toMatchObject({ rounds: 7, firstSeed: 3 })
})

test('a fault is named with its moment or without', () => {
  expect(names(['--fault', 'freeze:in-write'])).toEqual(['freeze:in-write'])
  expect(names(['--fault', 'freeze'])).toHaveLength(3)
})

test.each([
  [['--contender', 'etcd9'], /there are redis-set-nx, .*fencepost, or a file/],
  [['--contender', './none.js'], /there is no file .*none\.js/],
  [['--fault', 'flood'], /there are nothing, freeze/],
  [['--fault', 'freeze:never'], /there are nothing, freeze/],
  [['--rounds', '0'], /--rounds must be a whole number from 1 to 1000, not "0"/],
  [['--seed', '1.5'], /--seed must be a whole number/],
  [['--json', '/none/figures.json'], /there is no folder \/none/],
  [['--html', '/'], /is a folder; name a file/],
  [['--quick', '--full'], /exclude each other/],
  [['--fast'], /Unknown option '--fast'/],
])('%j is refused with what there is', (args, message) => {
  expect(() => parseArguments(args)).toThrow(TypeError)
  expect(() => parseArguments(args)).toThrow(message)
})

test('every contender of ours has the name it is called by, and says how it is used', async () => {
  for (const name of CONTENDER_NAMES) {
    expect(await loadContender(name)).toMatchObject({ name, about: expect.stringMatching(/\w{3}/) })
  }
})
