import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

const README = join(workspaceRoot, 'README.md')
const FIGURES = join(workspaceRoot, 'docs', 'comparison.json')
const BLOCK = /(<!-- lab: [^>]*-->\n)[\s\S]*?(<!-- \/lab -->)/

// npm run comparison -- A.json [B.json]: a whole run takes an hour, so it may be made in parts, each of other contenders.
await runAsScript(import.meta.url, async (files) => {
  if (files.length === 0)
    throw new ScriptError('name what `npm run lab -- --full --json FILE` wrote, one file or several', 2)
  await prepare()
  // By its place: the package is built only now.
  const { comparisonTable } = await import(join(workspaceRoot, 'packages', 'lab', 'dist', 'index.js'))
  const figures = merged(files.map((file) => JSON.parse(readFileSync(file, 'utf8'))))
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 1)}\n`)
  const text = readFileSync(README, 'utf8')
  if (!BLOCK.test(text)) throw new ScriptError('README.md has no place for the table: <!-- lab: … --> … <!-- /lab -->')
  writeFileSync(
    README,
    text.replace(BLOCK, (_, begin, end) => `${begin}${comparisonTable(figures)}\n${end}`),
  )
  return 0
})

/** Without the histories. @param {any[]} parts */
function merged(parts) {
  const [{ rounds: _, ...first }] = parts
  const all = (/** @type {string} */ field) => parts.flatMap((part) => part[field])
  return {
    ...first,
    seconds: all('seconds').reduce((total, seconds) => total + seconds, 0),
    versions: [...new Set(all('versions'))],
    partitionsBy: all('partitionsBy').find(Boolean) ?? null,
    isComplete: parts.every(({ isComplete }) => isComplete),
    contenders: all('contenders'),
    cells: all('cells'),
    notTried: all('notTried'),
    surprises: all('surprises'),
  }
}
