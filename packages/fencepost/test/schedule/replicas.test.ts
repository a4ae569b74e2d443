import { describe, expect, test } from 'vitest'
import { whyNoClock } from '../support/clock.ts'
import { ownServer } from '../support/database.ts'
import { CHANGES, expectedOf, ofChange, Replicas, SHIFTS } from './replicas.ts'

const HOURS = 0.75

describe.skipIf(whyNoClock !== undefined)('six replicas whose clocks are up to 90 s off', () => {
  test('each tick is one row and runs once, through the changes of clocks in three zones', async () => {
    await using replicas = await Replicas.start((options) => ownServer({}, undefined, options))
    for (const [index, seconds] of (await replicas.shifts()).entries()) {
      expect(Math.abs(seconds - (SHIFTS[index] ?? 0))).toBeLessThan(5)
    }
    for (const change of CHANGES) {
      const recorded = await replicas.through(change, HOURS)
      expect(ofChange(change, recorded)).toEqual(expectedOf(change, HOURS))
    }
  })
})
