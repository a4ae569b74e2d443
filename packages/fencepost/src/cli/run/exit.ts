import { ExitCode, signalled } from '../exit-code.ts'
import { type Ended, hasTerminal } from './program.ts'

/** What a shell makes of it: its own code, or 128 and the number of the signal that ended it. */
export function exitCodeOfProgram({ code, signal }: Ended): number {
  return signal === null ? (code ?? ExitCode.internal) : signalled(signal)
}

/** For people. */
export function describeEnd({ code, signal }: Ended): string {
  return signal === null ? `exit code ${code}` : signal
}

/** At a terminal ends this process by SIGINT, the same code for a shell, which ends a loop for that and not for the code alone. */
export function interruptShell(): void {
  if (hasTerminal()) process.kill(process.pid, 'SIGINT')
}
