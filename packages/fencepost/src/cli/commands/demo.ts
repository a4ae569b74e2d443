import { type Command, InvalidArgumentError } from 'commander'

interface Options {
  readonly invoices: number
  readonly workers: number
  readonly json?: boolean
}

export function demo(program: Command): void {
  program
    .command('demo')
    .summary('a zombie that pays twice, and how the fence refuses it; needs no database')
    .description(
      'Freeze a worker in the middle of a payout, twice: without the fence it pays a second time when it wakes, ' +
        'with the fence the database refuses its commit. Needs no database: it starts a throw-away PostgreSQL, ' +
        'or uses DATABASE_URL, where it makes one schema of its own and drops it at the end.',
    )
    .option('--invoices <number>', 'invoices to pay in each run, 20 to 1000', between(20, 1000), 200)
    .option('--workers <number>', 'processes that pay them, 2 to 10', between(2, 10), 3)
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nExample:\n  npx fencepost demo --workers 5')
    .action(run)
}

async function run({ invoices, workers, json }: Options): Promise<void> {
  const { runDemo } = await import('../demo/demo.ts')
  await runDemo({ invoices, workers, json: json === true })
}

function between(smallest: number, largest: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= smallest && number <= largest) return number
    throw new InvalidArgumentError(`It must be a whole number from ${smallest} to ${largest}.`)
  }
}
