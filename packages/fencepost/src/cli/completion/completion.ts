import { Argument, type Command } from 'commander'
import { BASH, ZSH } from './scripts.ts'

/** `completion` prints what a shell is to source; `complete` is what that calls at each Tab. */
export function completion(program: Command): void {
  program
    .command('completion')
    .summary('a script that completes commands, options and names in bash or zsh')
    .description(
      'Print a script that completes commands, options, and names of locks and schedules where a database is named, in bash or zsh. ' +
        'A Tab on a name asks the database who holds what, for two seconds at most.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh']))
    .addHelpText('after', '\nExample:\n  source <(npx fencepost completion bash)')
    .action((shell: 'bash' | 'zsh') => void process.stdout.write(shell === 'bash' ? BASH : ZSH))
  program
    .command('complete', { hidden: true })
    .argument('<shell>')
    .action(async (shell: 'bash' | 'zsh') => {
      const { complete } = await import('./complete.ts')
      const { COMP_LINE = '', COMP_POINT = COMP_LINE.length } = process.env
      // A point counts bytes.
      const line = Buffer.from(COMP_LINE).subarray(0, Number(COMP_POINT)).toString()
      const candidates = await complete(program, line, shell)
      // A database that has not answered yet would keep the shell waiting.
      process.stdout.write(candidates.map((candidate) => `${candidate}\n`).join(''), () => process.exit())
    })
}
