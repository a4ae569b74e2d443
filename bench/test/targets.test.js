import { expect, test } from 'vitest'
import { judge } from '../report/targets.js'

/** @typedef {import('../suites.js').Figure} Figure */

/** @type {(subject: import('../suites.js').Subject, median: number) => Figure} */
const figure = (subject, median) => ({ work: 'drain', subject, median, min: median, max: median, unit: 'jobs/s' })

const ours = figure('fencepost', 90)
const slow = figure('graphile-worker', 10)
const fast = figure('graphile-worker batch', 50)
const per = { subject: /** @type {import('../suites.js').Subject[]} */ (['graphile-worker', 'graphile-worker batch']) }

test('of several peers the one that does most is what we are measured by', () => {
  const targets = [{ work: 'drain', per, atLeast: 1.5 }]
  const all = [ours, slow, fast]
  expect(judge(fast, all, targets)).toEqual([{ is: '1.8 x', wanted: '>= 1.5 x', met: 'yes' }])
  expect(judge(slow, all, targets)).toEqual([{ is: '9 x', wanted: '', met: '' }])
})

test('where less is wanted it is the one that takes least', () => {
  const targets = [{ work: 'drain', per, atMost: 0.8 }]
  const all = [ours, slow, fast]
  expect(judge(slow, all, targets)).toEqual([{ is: '9 x', wanted: '<= 0.8 x', met: 'no' }])
  expect(judge(fast, all, targets)).toEqual([{ is: '1.8 x', wanted: '', met: '' }])
})

test('of several peers those that were left out are not missed', () => {
  const targets = [{ work: 'drain', per, atLeast: 1.5 }]
  expect(judge(slow, [ours, slow], targets)).toEqual([{ is: '9 x', wanted: '>= 1.5 x', met: 'yes' }])
})
