import { describe, expect, test } from 'vitest'
import { whyNoClock } from '../support/clock.ts'
import { ownServer } from '../support/database.ts'
import { CHANGES, expectedOf, ofChange, Replicas, SHIFTS } from './replicas.ts'

const HOURS = 0.75

describe.skipIf(whyNoClock !== undefined)('six replicas whose clocks are up to 90 s off', () => {
  test('FAULTS 9: each tick is one row and runs once, through the changes of clocks in three zones, and once only if the server goes back', async () => {
    await using replicas = await Replicas.start((options) => ownServer({}, undefined, options))
    for (const [index, seconds] of (await replicas.shifts()).entries()) {
      expect(Math.abs(seconds - (SHIFTS[index] ?? 0))).toBeLessThan(5)
    }
    for (const change of CHANGES) {
      const recorded = await replicas.through(change, HOURS)
      expect(ofChange(change, recorded)).toEqual(expectedOf(change, HOURS))
    }
    // FAULTS 9: the server's clock is set back, and goes through the last change once more.
    for (const change of CHANGES.slice(-1)) {
      expect(ofChange(change, await replicas.through(change, HOURS))).toEqual(expectedOf(change, HOURS))
    }
  })
})
