import { readFileSync } from 'node:fs'

/** kill -9 of a server and of every process of it, whatever they do just now: none notices and ends in order. */
export function killServer(postmaster: number): void {
  // Stopped first, so that no child is born between the look and the kill.
  process.kill(postmaster, 'SIGSTOP')
  for (const pid of [...childrenOf(postmaster), postmaster]) kill(pid)
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** One that has ended since is fine. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
