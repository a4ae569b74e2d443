import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from './prepare.js'
import { runAsScript } from './run/run-as-script.js'
import { ScriptError } from './run/script-error.js'
import { workspaceRoot } from './run/workspace-root.js'

const README = join(workspaceRoot, 'README.md')
const FIGURES = join(workspaceRoot, 'docs', 'comparison.json')
const BLOCK = /(<!-- lab: [^>]*-->\n)[\s\S]*?(<!-- \/lab -->)/

// npm run comparison -- A.json [B.json]: a whole run takes 20 minutes, and may be made in parts, each of other contenders. One that is
// in several is taken from the last: `docs/comparison.json NEW.json` puts in what is new.
await runAsScript(import.meta.url, async (files) => {
  if (files.length === 0)
    throw new ScriptError('name what `npm run lab -- --full --json FILE` wrote, one file or several', 2)
  await prepare()
  // By its place: the package is built only now.
  const { comparisonTable, CONTENDER_NAMES } = await import(join(workspaceRoot, 'packages', 'lab', 'dist', 'index.js'))
  const parts = files.map((file) => JSON.parse(readFileSync(file, 'utf8')))
  const figures = merged(parts, CONTENDER_NAMES)
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 1)}\n`)
  const text = readFileSync(README, 'utf8')
  if (!BLOCK.test(text)) throw new ScriptError('README.md has no place for the table: <!-- lab: … --> … <!-- /lab -->')
  writeFileSync(
    README,
    text.replace(BLOCK, (_, begin, end) => `${begin}${comparisonTable(figures)}\n${end}`),
  )
  return 0
})

/** Without the histories. @param {any[]} parts @param {string[]} order of the contenders */
function merged(parts, order) {
  const [{ rounds: _, ...first }] = parts
  const all = (/** @type {string} */ field) => parts.flatMap((part) => part[field])
  // What is told of a contender, in the last part that has it.
  const told = (/** @type {string} */ field, /** @type {(one: any) => string} */ nameOf) =>
    order.flatMap((name) =>
      (
        parts.findLast(({ contenders }) => contenders.some((/** @type {any} */ one) => one.name === name))?.[field] ??
        []
      ).filter((/** @type {any} */ one) => nameOf(one) === name),
    )
  return {
    ...first,
    seconds: all('seconds').reduce((total, seconds) => total + seconds, 0),
    versions: [...new Set(all('versions'))],
    partitionsBy: all('partitionsBy').find(Boolean) ?? null,
    isComplete: parts.every(({ isComplete }) => isComplete),
    contenders: told('contenders', ({ name }) => name),
    cells: told('cells', ({ contender }) => contender),
    notTried: told('notTried', ({ contender }) => contender),
    surprises: told('surprises', (text) => text.split(',')[0]),
  }
}
