import type { Command } from 'commander'

interface Options {
  readonly schema: string
}

export function sql(program: Command): void {
  program
    .command('sql')
    .summary('print the schema as one script for psql')
    .description(
      'Print the whole schema as one script for psql, for a database that does not have it yet; `migrate` updates one.',
    )
    .option('--schema <name>', 'where the tables and functions are to live', 'fencepost')
    .addHelpText(
      'after',
      '\nExample:\n  npx fencepost sql | psql -X -v ON_ERROR_STOP=1 postgres://owner@db.example/app',
    )
    .action(run)
}

async function run({ schema }: Options): Promise<void> {
  const { schemaSql } = await import('../../index.ts')
  process.stdout.write(await schemaSql(schema))
}
