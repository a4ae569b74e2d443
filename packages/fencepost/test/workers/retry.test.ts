import { expect, test } from 'vitest'
import { delayOf } from '../../dist/attempts/retry.js'

const DAY_MS = 86_400_000
const failed = { attempt: 1, attempts: 2 }

test('a pause of more than a year, which a definition may have, is one that a worker can make', () => {
  const rule = { retry: { delay: '500d', maxDelay: '500d' }, jitter: 0 } as const
  expect(delayOf(rule, new Error('down'), failed)).toBe(500 * DAY_MS)
  expect(delayOf({ retry: { decide: () => ({ in: '500d' }) }, jitter: 0.25 }, null, failed)).toBe(500 * DAY_MS)
})

test('jitter makes a pause shorter, by its part at the most', () => {
  const rule = { retry: { delay: '1s' }, jitter: 0.25 } as const
  for (let i = 0; i < 1000; i++) {
    const delayMs = delayOf(rule, null, failed)
    expect(delayMs).toBeGreaterThanOrEqual(750)
    expect(delayMs).toBeLessThanOrEqual(1000)
  }
})

test('no delay stays none, whatever factor it is to grow by', () => {
  const rule = { retry: { delay: '0s', factor: 1e300 }, jitter: 0.25 } as const
  expect(delayOf(rule, null, { attempt: 5, attempts: 9 })).toBe(0)
})
