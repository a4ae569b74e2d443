import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { checkHistory } from './check-history.ts'
import { everything } from './run/mix.ts'
import { runHistory } from './run/run-history.ts'
import { rules } from './rules.ts'
import { summarize } from './summary.ts'
import { tellViolations } from './tell-violations.ts'

const SECONDS = 12
const seed = Number(process.env['FENCEPOST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

// `npm run soak -- history` does the same for longer, and crashes the server too.
test(`FAULTS 17, P1, P2, P3: what six processes do at random for ${SECONDS} s is allowed: FENCEPOST_SEED=${seed} repeats it`, async () => {
  await using database = await cloneDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-history-'))
  console.log(`FENCEPOST_SEED=${seed}`)
  const run = await runHistory({
    url: database.url,
    folder,
    seed,
    seconds: SECONDS,
    processes: 6,
    callers: 3,
    freezeMs: 2000,
    strikeEveryMs: 1500,
    mix: everything,
  })
  const findings = checkHistory(run.history, rules)
  const told = tellViolations(findings.violations, folder)
  expect(told, `FENCEPOST_SEED=${seed}; ${JSON.stringify(summarize(run, findings))}`).toBe('')
  // One that did nothing has shown nothing.
  expect(run.history.effects.length).toBeGreaterThan(20)
  expect(run.history.deaths.size + run.history.faults.length).toBeGreaterThan(0)
  rmSync(folder, { recursive: true })
})
