import { expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { runCampaign } from './campaign.ts'

const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// `npm run soak -- election` does the same for longer.
test(`P2, P3, P4: of leaders that are killed and frozen no two write at a time, and each is followed: FENCEPOST_SEED=${seed} repeats it`, async () => {
  await using database = await cloneDatabase()
  console.log(`FENCEPOST_SEED=${seed}`)
  const blows = 14
  const campaign = await runCampaign({ url: database.url, seed, candidates: 5, blows })
  const { terms, afterKillMs, afterTwoKillsMs, afterFreezeMs } = campaign
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b))
  expect(terms.length).toBeGreaterThan(blows)
  expect(campaign.overlaps).toEqual([])
  expect(campaign.writes).toBeGreaterThan(blows)
  expect(afterKillMs.length + afterTwoKillsMs.length + afterFreezeMs.length).toBe(blows)
  console.log(
    `after kills ${describe(afterKillMs)}, of two ${describe(afterTwoKillsMs)}; after freezes ${describe(afterFreezeMs)}`,
  )
}, 120_000)

const describe = (times: readonly number[]) => `${times.map((ms) => ms.toFixed(0)).join(', ')} ms`
