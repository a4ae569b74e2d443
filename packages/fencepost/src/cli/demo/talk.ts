import { paint } from '../paint.ts'

type Mood = 'plain' | 'good' | 'bad'

const STYLES = { plain: 'reset', good: 'green', bad: 'red' } as const

/** Tells on stderr what happens, one line each with the seconds since the demo began. */
export class Talk {
  readonly #startedAt = performance.now()

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  heading(text: string): void {
    process.stderr.write(`${paint('bold', text, process.stderr)}\n`)
  }

  line(text: string, mood: Mood = 'plain'): void {
    const time = paint('dim', `${this.seconds.toFixed(2).padStart(6)} s`, process.stderr)
    process.stderr.write(`${time}  ${mood === 'plain' ? text : paint(STYLES[mood], text, process.stderr)}\n`)
  }
}

export function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
