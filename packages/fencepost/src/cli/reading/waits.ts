import type { Command } from 'commander'
import { type DatabaseOptions, databaseOptions } from '../database-options.ts'
import { printJson } from '../show/json.ts'
import { terminalWidth } from '../show/terminal-width.ts'
import { drawWaits } from './draw-waits.ts'
import { openSurvey, tell, tellNotes } from './open-survey.ts'

interface Options extends DatabaseOptions {
  readonly all?: boolean
}

const MOST = 20

export function waits(program: Command): void {
  databaseOptions(program.command('waits'))
    .summary('who waits for whom; on any database')
    .description(
      'Who waits for whom, drawn as trees: advisory locks, rows, tables, and our own lines. On top of each stands who blocks all below; ' +
        'those who wait for each other come first. Works on any database, and takes no lock.',
    )
    .option('--all', `draw all who wait for one, not only the first ${MOST}`)
    .addHelpText('after', '\nExample:\n  npx fencepost waits')
    .action(run)
}

async function run(options: Options): Promise<void> {
  await using survey = await openSurvey('waits', options)
  const graph = await survey.waits()
  tellNotes(graph)
  const { database, nodes, roots, rings, notes } = graph
  if (options.json) return printJson({ database, nodes, roots, rings, notes })
  const width = terminalWidth(process.stdout)
  const lines = drawWaits(graph, { width, most: options.all ? Number.POSITIVE_INFINITY : MOST })
  if (lines.length === 0) return tell(`nobody waits for anybody in database "${database}"`)
  process.stdout.write(`${lines.join('\n')}\n`)
}
