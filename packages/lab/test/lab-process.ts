import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Result } from '../src/report/result.ts'

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** The built command, started. */
export class LabProcess {
  stdout = ''
  stderr = ''
  readonly closed: Promise<unknown[]>
  readonly #child: ChildProcess

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.closed = once(this.#child, 'close')
    // Also when its test was given up.
    onTestFinished(() => this.kill('SIGKILL'))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Its exit code. */
  async end(): Promise<number | null> {
    const [code] = await this.closed
    return code as number | null
  }

  /** Resolves when it has said so on stderr; rejects if it ended without. */
  async says(text: string): Promise<void> {
    const { stderr } = this.#child
    while (!this.stderr.includes(text)) {
      const ended = await Promise.race([stderr && once(stderr, 'data').then(() => false), this.closed.then(() => true)])
      if (ended && !this.stderr.includes(text)) throw new Error(`it never said "${text}":\n${this.stderr}`)
    }
  }
}

/** Runs the lab to its end, and what it wrote. */
export async function runLab(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'fencepost-lab-test-'))
  const [json, html] = [join(folder, 'lab.json'), join(folder, 'lab.html')]
  try {
    const lab = new LabProcess([...args, '--json', json, '--html', html], env)
    const code = await lab.end()
    const result = JSON.parse(await readFile(json, 'utf8')) as Result
    return { code, stdout: lab.stdout, stderr: lab.stderr, result, page: await readFile(html, 'utf8') }
  } finally {
    await rm(folder, { recursive: true })
  }
}
