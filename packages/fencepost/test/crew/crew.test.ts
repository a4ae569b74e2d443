import { expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { runCrew } from './crew.ts'

const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// `npm run soak -- jobs` does the same for longer, and once more with the effect in a transaction of its own.
test(`P9: jobs whose workers are killed and frozen at random take effect once each, and those of a group in order: FENCEPOST_SEED=${seed} repeats it`, async () => {
  await using database = await cloneDatabase()
  console.log(`FENCEPOST_SEED=${seed}`)
  const shift = await runCrew({
    url: database.url,
    seed,
    jobs: 600,
    workers: 4,
    kills: 6,
    freezes: 8,
    isTransactional: true,
  })
  expect(shift).toMatchObject({ paidTwice: [], unpaid: [], outOfOrder: [], left: 0 })
  // Some had to be begun again, or the blows have shown nothing.
  expect(shift.attempts).toBeGreaterThan(1)
}, 180_000)
