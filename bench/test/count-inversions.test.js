import { expect, test } from 'vitest'
import { countInversions } from '../works/count-inversions.js'

/** @type {(calls: [number, number | null][][]) => ReturnType<typeof countInversions>} */
const count = (calls) => countInversions(calls, 50)

test('a line that is served in its order has none', () => {
  expect(
    count([
      [
        [0, 1000],
        [200, 1002],
      ],
      [
        [100, 1001],
        [300, 1003],
      ],
    ]),
  ).toEqual({ within: 0, across: 0 })
})

test('whoever is granted before one who called earlier in the same process is one, however short the time between', () => {
  expect(
    count([
      [
        [0, 1001],
        [1, 1000],
      ],
    ]),
  ).toEqual({ within: 1, across: 0 })
})

test('between processes only who called later by more than it takes to get into the line is one', () => {
  expect(
    count([
      [[0, 1002]],
      [
        [49, 1000],
        [51, 1001],
      ],
    ]),
  ).toEqual({ within: 0, across: 1 })
})

test('who is never granted has been overtaken by all who came after', () => {
  expect(
    count([
      [[0, null]],
      [
        [100, 1000],
        [200, 1001],
      ],
    ]),
  ).toEqual({ within: 0, across: 2 })
})
