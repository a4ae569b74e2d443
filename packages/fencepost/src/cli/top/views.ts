import type { SeenLock, SeenLocks, WaitGraph } from '../../index.ts'
import { drawWaits } from '../reading/draw-waits.ts'
import { keyText, lockTitle } from '../reading/lock-words.ts'
import { COLUMNS, lockLines } from '../reading/locks.ts'
import { age } from '../show/age.ts'
import { type Column, table } from '../show/table.ts'

/** What was seen at one moment. */
export interface Sighting {
  readonly locks: SeenLocks
  readonly waits: WaitGraph
}

/** A view as lines: a title, and below it rows, each with the lock it is about. */
export interface View {
  readonly title: string
  readonly rows: readonly ViewRow[]
}

export interface ViewRow {
  readonly text: string
  /** Tells a row in this reading and in the next. */
  readonly id: string
  readonly lock: SeenLock | null
}

export const VIEWS = ['held', 'waiting', 'blocking'] as const
export type ViewName = (typeof VIEWS)[number]

export function viewOf(name: ViewName, { locks, waits }: Sighting, width: number): View {
  switch (name) {
    case 'held':
      return tableView(lockLines(locks), COLUMNS, width)
    case 'waiting':
      return tableView(
        locks.locks.filter(({ state }) => state === 'waiting'),
        WAITING,
        width,
      )
    case 'blocking':
      return {
        title: '',
        rows: drawWaits(waits, { width, most: 20 }).map((text, i) => ({ text, id: String(i), lock: null })),
      }
  }
}

function tableView<Row extends SeenLock>(locks: readonly Row[], columns: readonly Column<Row>[], width: number): View {
  const [title = '', ...texts] = table(locks, columns, { width }).split('\n')
  return { title, rows: locks.map((lock, i) => ({ text: texts[i] ?? '', id: idOf(lock), lock })) }
}

function idOf({ state, key, backend, position }: SeenLock): string {
  return `${state} ${keyText(key)} ${backend} ${position}`
}

const WAITING: Column<SeenLock>[] = [
  { title: 'lock', text: lockTitle, least: 12 },
  { title: 'place', text: ({ position }) => String(position), align: 'right' },
  { title: 'for', text: ({ forMs }) => age(forMs), align: 'right' },
  { title: 'application', text: ({ application }) => application, least: 8 },
  { title: 'host', text: ({ host }) => host, least: 6, optional: true },
  { title: 'pid', text: ({ process }) => String(process ?? ''), align: 'right', optional: true },
  { title: 'backend', text: ({ backend }) => String(backend ?? ''), align: 'right' },
  { title: 'mode', text: ({ mode }) => mode, optional: true },
]
