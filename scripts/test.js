import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare } from './prepare.js'
import { countTests } from './run/count-tests.js'
import { runAsScript } from './run/run-as-script.js'
import { runChild } from './run/run-child.js'
import { workspaceRoot } from './run/workspace-root.js'

const VITEST = join(workspaceRoot, 'node_modules', 'vitest', 'vitest.mjs')
const PRELOADS = ['run/node-20.js', 'run/end-with-parent.js'].map((path) => new URL(path, import.meta.url).href)

await runAsScript(import.meta.url, async (args) => {
  await prepare()
  // Everything of this run is made in here; a server that runs as another user clears up after itself.
  const folder = mkdtempSync(join(tmpdir(), 'fencepost-test-'))
  chmodSync(folder, 0o1777)
  try {
    const results = join(folder, 'results.json')
    const code = await runVitest({ folder, results, args })
    const counts = countTests(existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : null)
    const exitCode = code !== 0 ? code : Number(counts.failed > 0 || counts.passed === 0)
    if (exitCode !== 0 && counts.failed === 0) console.error(reasonWithoutFailure(code))
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    return exitCode
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** @param {{ folder: string, results: string, args: string[] }} run */
async function runVitest({ folder, results, args }) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  // Without stdin vitest leaves the terminal alone, so Ctrl-C reaches us as a signal.
  return await runChild(
    process.execPath,
    [...PRELOADS.flatMap((url) => ['--import', url]), VITEST, 'run', ...reporters, ...args],
    {
      cwd: workspaceRoot,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, TMPDIR: folder, FENCEPOST_TEST_FOLDER: folder },
      ownGroup: true,
    },
  )
}

/** @param {number} code */
function reasonWithoutFailure(code) {
  if (code > 128) return `the run was ended by signal ${code - 128}`
  return code === 0 ? 'no test ran' : `vitest ended with ${code} outside of any test; what it said stands above`
}
