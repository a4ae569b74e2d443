import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Reads which processes were born and which have gone, and when our end of its stdin closes, however we ended, kills those
 * that are left and removes the folder: SIGKILL leaves us no last word, and a process that is stopped cannot notice.
 */
const KEEP = `
trap "" INT TERM HUP
pids=
while read -r what pid; do
  case $what in
    born) pids="$pids $pid" ;;
    gone) left=; for one in $pids; do [ "$one" = "$pid" ] || left="$left $one"; done; pids=$left ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
rm -rf -- "$1"`

/** What outlives the lab and clears up after it. */
export class Keeper implements AsyncDisposable {
  /** For all files of this run. */
  readonly folder: string
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>

  static async start(): Promise<Keeper> {
    const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-'))
    // Servers of root's run as somebody else.
    await chmod(folder, 0o711)
    // Detached: Ctrl-C in a terminal reaches the whole foreground group.
    const child = spawn('sh', ['-c', KEEP, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin?.on('error', () => {})
    return new Keeper(child, folder)
  }

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.folder = folder
    // It may have been killed long before it is to end.
    this.#exit = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  }

  /** Kills the process in the end if it is still there then; at once after the end. */
  watch(child: ChildProcess): void {
    const { pid } = child
    if (pid === undefined) return
    if (!this.#child.stdin?.writable) child.kill('SIGKILL')
    this.#tell(`born ${pid}`)
    child.once('exit', () => this.#tell(`gone ${pid}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end()
    await this.#exit
  }

  #tell(line: string): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(`${line}\n`)
  }
}
