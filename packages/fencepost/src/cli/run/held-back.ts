import { createReadStream, mkdtempSync, openSync, rmdirSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * What a program says, kept until it is known whether anybody has to read it: in files, however much it is, that have no name any more and go
 * with the last process that has them open.
 */
export class HeldBack {
  readonly stdout: number
  readonly stderr: number

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'fencepost-held-'))
    const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')]
    this.stdout = openSync(stdout, 'a+', 0o600)
    this.stderr = openSync(stderr, 'a+', 0o600)
    unlinkSync(stdout)
    unlinkSync(stderr)
    rmdirSync(folder)
  }

  async print(): Promise<void> {
    await copy(this.stdout, process.stdout)
    await copy(this.stderr, process.stderr)
  }
}

async function copy(fd: number, stream: NodeJS.WriteStream): Promise<void> {
  for await (const chunk of createReadStream('', { fd, start: 0, autoClose: false })) {
    await new Promise((resolve) => stream.write(chunk as Buffer, resolve))
  }
}
