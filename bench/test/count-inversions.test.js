import { expect, test } from 'vitest'
import { countInversions } from '../works/count-inversions.js'

/** Called, in the line, granted. @type {(calls: [number, number | null, number | null][][]) => ReturnType<typeof countInversions>} */
const count = (processes) =>
  countInversions(
    processes.map((calls) => calls.map(([calledAt, standingAt, grantedAt]) => ({ calledAt, standingAt, grantedAt }))),
  )

test('a line that is served in its order has none', () => {
  const one = /** @type {[number, number, number][]} */ ([
    [0, 10, 1000],
    [200, 210, 1002],
  ])
  const other = /** @type {[number, number, number][]} */ ([
    [100, 110, 1001],
    [300, 310, 1003],
  ])
  expect(count([one, other])).toEqual({ within: 0, across: 0 })
})

test('whoever is granted before one who called earlier in the same process is one, however short the time between', () => {
  expect(
    count([
      [
        [0, 10, 1001],
        [1, 10, 1000],
      ],
    ]),
  ).toEqual({ within: 1, across: 0 })
})

test('between processes only who called when the other stood in the line is one', () => {
  expect(
    count([
      [[0, 50, 1002]],
      [
        [49, 60, 1000],
        [51, 60, 1001],
      ],
    ]),
  ).toEqual({ within: 0, across: 1 })
})

test('who is never granted has been overtaken by all who came after', () => {
  expect(
    count([
      [[0, 50, null]],
      [
        [100, 110, 1000],
        [200, 210, 1001],
      ],
    ]),
  ).toEqual({ within: 0, across: 2 })
})
