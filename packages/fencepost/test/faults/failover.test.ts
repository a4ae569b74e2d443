import { expect, inject, test } from 'vitest'
import { runFailOvers } from '../failover/run-fail-overs.ts'

const ROUNDS = 2
const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// `npm run soak -- failover` does the same for longer.
test.each([
  ['asynchronous', false],
  ['synchronous', true],
])(
  `FAULTS 5, P2, P3: over a kill -9 of the primary (%s standby) the token rises, and a holder that wakes is refused: FENCEPOST_SEED=${seed}`,
  async (_, isSynchronous) => {
    const all = await runFailOvers({ binaries: inject('server').binaries, rounds: ROUNDS, seed, isSynchronous })
    console.log(all.map((one) => JSON.stringify(one)).join('\n'))
    expect(all.flatMap(({ violations }) => violations)).toEqual([])
    expect(all).toHaveLength(ROUNDS)
    expect(all.every(({ acknowledged }) => acknowledged > 0)).toBe(true)
  },
)
