import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkHistory } from '../history/check-history.ts'
import { tellViolations } from '../history/tell-violations.ts'
import { cloneDatabase, ownServer } from '../support/database.ts'
import { type Blow, runCampaign } from '../zombies/campaign.ts'
import { readCampaign } from '../zombies/findings.ts'
import { zombieRules } from '../zombies/zombie-rules.ts'

const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const BLOWS: [row: string, what: string, blow: Blow, rounds: number][] = [
  ['FAULTS 1', 'whose process is stopped', 'pause', 12],
  ['FAULTS 2', 'whose backend is terminated', 'terminate', 18],
  ['FAULTS 4', 'whose server is killed', 'server-kill', 5],
]

// `npm run soak -- zombies` does the same for longer.
test.each(BLOWS)(
  `%s, P2, P3: of holders %s at a random moment none pays what was paid, unless it does without the guard: FENCEPOST_SEED=${seed}`,
  async (_, __, blow, rounds) => {
    const guarded = await play(blow, rounds, true)
    expect(guarded.told).toBe('')
    expect(guarded.findings).toMatchObject({ paidTwice: [], unpaid: [] })
    expect(guarded.findings.refused).toBeGreaterThan(0)
    // The same without the guard: what is looked for can be seen.
    const unguarded = await play(blow, rounds, false)
    expect(unguarded.findings.paidTwice).not.toEqual([])
    expect(unguarded.violations).toContainEqual(expect.stringMatching(/an update was lost/))
  },
)

async function play(blow: Blow, rounds: number, isGuarded: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-zombies-'))
  const common = { folder, seed, blow, rounds, holders: 6, isGuarded, paidTwice: isGuarded ? 0 : 1 }
  const campaign = await onOwn(blow, (place) => runCampaign({ ...common, ...place }))
  const { violations } = checkHistory(campaign.history, zombieRules)
  const told = tellViolations(violations, folder)
  if (!isGuarded || told === '') rmSync(folder, { recursive: true })
  const findings = readCampaign(campaign)
  console.log(blow, isGuarded ? 'guarded' : 'unguarded', JSON.stringify({ ...findings, grantedMs: undefined }))
  return { told, findings, violations: violations.map(({ message }) => message) }
}

/** A server that is to be killed is one of its own. */
async function onOwn<T>(
  blow: Blow,
  run: (place: { url: string; killServer?: () => Promise<void> }) => Promise<T>,
): Promise<T> {
  if (blow === 'server-kill') {
    await using server = await ownServer({ max_connections: '100' })
    return await run({ url: server.url, killServer: () => server.restart('crash') })
  }
  await using database = await cloneDatabase()
  return await run({ url: database.url })
}
