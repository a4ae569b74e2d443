import { stripVTControlCharacters } from 'node:util'
import type { SeenLock } from '../../index.ts'
import { paint } from '../paint.ts'
import { isSameKey } from '../reading/lock-key.ts'
import { lockTitle, whoText } from '../reading/lock-words.ts'
import { age } from '../show/age.ts'
import { cut } from '../show/text-width.ts'
import { visible } from '../show/visible.ts'
import { selected } from './screen.ts'
import { type Sighting, type View, type ViewName, viewOf, type ViewRow, VIEWS } from './views.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

const EMPTY: View = { title: '', rows: [] }
const HELP = '1 held  2 waiting  3 blocking   ↑↓ select   k evict   space pause   q quit'
/** The sentence, the views, the titles and the last line. */
const FRAME_LINES = 4

/** What the screen shows, and what the keys have made of it; nothing in here knows a terminal or a database. */
export class Dashboard {
  isPaused = false
  /** The last line, until the next key. */
  message: string | null = null
  #view: ViewName = 'held'
  #sighting: Sighting | null = null
  #trouble: { readonly since: number; readonly why: string } | null = null
  #selectedId: string | null = null
  #selectedIndex = 0
  #top = 0
  #drawn: { readonly of: readonly unknown[]; readonly view: View } | undefined

  see(sighting: Sighting): void {
    this.#sighting = sighting
    this.#trouble = null
  }

  /** What was seen last stays, and is said to be old. */
  loseSight(error: Error): void {
    this.#trouble = { since: this.#trouble?.since ?? performance.now(), why: error.message }
  }

  show(view: ViewName): void {
    this.#view = view
    this.#selectedIndex = 0
    this.#selectedId = null
    this.#top = 0
  }

  move(by: number, size: Size): void {
    const rows = this.#rows(size.width)
    this.#selectedIndex = Math.max(0, Math.min(rows.length - 1, this.#indexIn(rows) + by))
    this.#selectedId = rows[this.#selectedIndex]?.id ?? null
  }

  /** Those who hold the lock that is selected. */
  holdersOfSelected({ width }: Size): SeenLock[] {
    const rows = this.#rows(width)
    const lock = rows[this.#indexIn(rows)]?.lock
    const all = this.#sighting?.locks.locks ?? []
    return lock == null ? [] : all.filter(({ state, key }) => state === 'held' && isSameKey(key, lock.key))
  }

  /** The whole screen. */
  lines({ width, height }: Size): string[] {
    const rows = this.#rows(width)
    const room = Math.max(1, height - FRAME_LINES)
    const at = this.#indexIn(rows)
    this.#top = Math.max(at - room + 1, Math.min(this.#top, at, Math.max(0, rows.length - room)))
    const shown = rows
      .slice(this.#top, this.#top + room)
      .map(({ text }, i) =>
        this.#top + i === at ? selected(`› ${stripVTControlCharacters(text)}`, width) : `  ${text}`,
      )
    const { title } = this.#shown(width)
    const filled = [...shown, ...Array.from({ length: room - shown.length }, () => '')]
    return [this.#sentence(width), this.#tabs(), `  ${title}`, ...filled, this.#lastLine(width)]
  }

  #rows(width: number): readonly ViewRow[] {
    return this.#shown(width).rows
  }

  /** Laid out once for each look; there may be thousands of rows. */
  #shown(width: number): View {
    const of = [this.#sighting, this.#view, width] as const
    if (of.some((part, i) => part !== this.#drawn?.of[i])) {
      this.#drawn = { of, view: this.#sighting === null ? EMPTY : viewOf(this.#view, this.#sighting, width - 2) }
    }
    return this.#drawn?.view ?? EMPTY
  }

  /** The row that was selected may stand elsewhere now; if it is gone, the one in its place. */
  #indexIn(rows: readonly ViewRow[]): number {
    const found = rows.findIndex(({ id }) => id === this.#selectedId)
    return found === -1 ? Math.max(0, Math.min(this.#selectedIndex, rows.length - 1)) : found
  }

  #sentence(width: number): string {
    if (this.#trouble !== null) {
      const { since, why } = this.#trouble
      const text = `the database is lost for ${age(performance.now() - since)}, trying again: ${visible(why)}`
      return paint(['bold', 'red'], cut(text, width), process.stdout)
    }
    if (this.#sighting === null) return 'looking …'
    const { locks, waits } = this.#sighting
    const waiting = locks.locks.filter(({ state }) => state === 'waiting').length
    const rings = waits.rings.length === 0 ? '' : `, ${waits.rings.length} rings that nothing ends`
    const text = `${visible(locks.database)}: ${locks.locks.length - waiting} held, ${waiting} waiting${rings}${this.isPaused ? '   paused' : ''}`
    return paint('bold', cut(text, width), process.stdout)
  }

  #tabs(): string {
    return VIEWS.map((view, i) => {
      const text = `${i + 1} ${view}`
      return view === this.#view ? paint('bold', `[${text}]`, process.stdout) : ` ${text} `
    }).join(' ')
  }

  #lastLine(width: number): string {
    const [note] = this.#sighting?.locks.notes ?? []
    const text = visible(this.message ?? (note === undefined ? HELP : `${HELP}   note: ${note}`))
    return paint(this.message === null ? 'dim' : 'bold', cut(text, width), process.stdout)
  }
}

/** What is asked before a lock is taken away. */
export function evictionQuestion([first, ...more]: readonly SeenLock[]): string {
  if (first === undefined) return ''
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  return visible(`take "${lockTitle(first)}" from ${whoText(first)}${others}? Its guarded commits will be refused. y/n`)
}
