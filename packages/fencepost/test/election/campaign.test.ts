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
  const { terms, written } = campaign
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b))
  expect(terms.length).toBeGreaterThan(blows)
  expect(written).toEqual(written.toSorted((a, b) => a - b))
  expect(campaign.afterKillMs.length + campaign.afterFreezeMs.length).toBe(blows)
  console.log(`after kills ${describe(campaign.afterKillMs)}; after freezes ${describe(campaign.afterFreezeMs)}`)
}, 120_000)

const describe = (times: readonly number[]) => `${times.map((ms) => ms.toFixed(0)).join(', ')} ms`
