import { writeSync } from 'node:fs'
import { terminalWidth } from '../show/terminal-width.ts'
import { cut } from '../show/text-width.ts'

const ENTER = '\u001B[?1049h\u001B[?25l'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const

/** A sequence that begins with Escape, Escape alone, or a sign. */
const KEY = new RegExp(String.raw`\x1b(?:\[[\d;]*[A-Za-z~]|O[A-Z])?|[^\x1b]`, 'gu')

/** Keys by the names they have here; any other as it came. */
const KEYS: Readonly<Record<string, string>> = {
  '\u001B[A': 'up',
  '\u001BOA': 'up',
  '\u001B[B': 'down',
  '\u001BOB': 'down',
  '\u001B[5~': 'page up',
  '\u001B[6~': 'page down',
  '\u0003': 'interrupt',
  '\u001B': 'escape',
  '\r': 'enter',
}

export interface ScreenEvents {
  key(name: string): void
  /** It has another size now, or somebody else has drawn on it. */
  stale(): void
  /** The process is told to end. */
  signal(name: (typeof SIGNALS)[number]): void
}

/** The alternate screen of the terminal. However the process ends, short of SIGKILL, the terminal is as it was. */
export class Screen implements Disposable {
  readonly #events: ScreenEvents
  readonly #undo: (() => void)[] = []
  #isOpen = false

  constructor(events: ScreenEvents) {
    this.#events = events
    this.#on(process, 'exit', () => this.#leave())
    // Before the error is printed: on the alternate screen nobody would see it.
    this.#on(process, 'uncaughtExceptionMonitor', () => this.#leave())
    for (const name of SIGNALS) this.#on(process, name, () => this.#events.signal(name))
    this.#on(process, 'SIGCONT', () => {
      this.#enter()
      this.#events.stale()
    })
    this.#on(process.stdout, 'resize', () => this.#events.stale())
    this.#on(process.stdin, 'data', (text) => this.#press(String(text)))
    this.#enter()
  }

  get width(): number {
    return terminalWidth(process.stdout)
  }

  get height(): number {
    return process.stdout.rows || 24
  }

  /** Lines from the top on; those that do not fit are left out. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return
    const shown = lines.slice(0, this.height).map((line) => `${line}\u001B[K`)
    process.stdout.write(`\u001B[H${shown.join('\r\n')}\u001B[J`)
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo.splice(0)) undo()
    this.#leave()
    process.stdin.pause()
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: (...args: unknown[]) => void): void {
    emitter.on(event, listener)
    this.#undo.push(() => emitter.off(event, listener))
  }

  #enter(): void {
    this.#isOpen = true
    process.stdin.setRawMode(true)
    process.stdin.setEncoding('utf8').resume()
    process.stdout.write(ENTER)
  }

  /** At once: the process may be about to end. */
  #leave(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      process.stdin.setRawMode(false)
      writeSync(process.stdout.fd, LEAVE)
    } catch {
      // The terminal is gone.
    }
  }

  /** Several may come at once. */
  #press(text: string): void {
    for (const [key] of text.matchAll(KEY)) this.#events.key(KEYS[key] ?? key)
  }
}

/** A line as it is while it is selected. */
export function selected(line: string, width: number): string {
  return `\u001B[7m${cut(line, width)}\u001B[27m`
}
