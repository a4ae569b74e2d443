import { type Command, InvalidArgumentError } from 'commander'

interface Options {
  readonly data?: string
  readonly port?: number
  readonly binaries?: string
  readonly json?: boolean
}

export function dev(program: Command): void {
  program
    .command('dev [command...]')
    .summary('a PostgreSQL for development, with its data in the project')
    .description(
      'Start a PostgreSQL for development and print its DATABASE_URL; its data stays in the project. With a command it runs that with DATABASE_URL ' +
        'set, and stops the server afterwards. One that runs already is used, and left running.',
    )
    .option('--data <folder>', 'where the data is kept (default: .fencepost/postgres beside package.json)')
    .option('--port <number>', 'to listen on at 127.0.0.1 (default: the one of the last time, else a free one)', port)
    .option('--binaries <folder>', 'with postgres and initdb of another installation (default: the npm package)')
    .option('--json', 'print where it is as JSON')
    .addHelpText('after', '\nExample:\n  npx fencepost dev -- npm start')
    .action(run)
}

async function run(command: string[], options: Options): Promise<void> {
  const { serve } = await import('./serve.ts')
  process.exitCode = await serve(command, options)
}

function port(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number > 0 && number < 65_536) return number
  throw new InvalidArgumentError('It must be a whole number from 1 to 65535.')
}
