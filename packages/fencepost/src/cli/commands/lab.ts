import type { Command } from 'commander'
import { CommandError, ExitCode } from '../exit-code.ts'

/** A package of its own, as it brings what it compares with. Not a literal: it is built after us and need not be there. */
const LAB: string = '@fencepost/lab'

interface LabModule {
  readonly lab: (args: readonly string[]) => Promise<number>
}

export function lab(program: Command): void {
  program
    .command('lab')
    .summary('break locks of all kinds on real servers, and count what was paid twice')
    .description(
      'Break Redlock, SET NX, advisory locks, leases, etcd, ZooKeeper and Fencepost on real servers of its own, and count in a ' +
        `ledger what was paid twice. Needs npm install --save-dev ${LAB}; all options are its own: fencepost lab --help`,
    )
    .helpOption(false)
    .allowUnknownOption()
    .argument('[options...]')
    .action(run)
}

async function run(args: string[]): Promise<void> {
  const loaded = await load()
  const code = await loaded.lab(args)
  // Whatever it is, the lab has said why. Once that is written: what was under way would hold the process up.
  process.stdout.write('', () => process.exit(code))
}

async function load(): Promise<LabModule> {
  try {
    return (await import(LAB)) as LabModule
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CommandError(`the lab is not installed: npm install --save-dev ${LAB}`, ExitCode.unusable, {
      cause: error,
    })
  }
}
