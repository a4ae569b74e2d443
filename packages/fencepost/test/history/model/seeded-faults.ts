import type { Rule } from '../history.ts'
import type { GoodHistory } from './good-history.ts'
import { endFaults } from './end-faults.ts'
import { lockFaults } from './lock-faults.ts'
import { writeFaults } from './write-faults.ts'

/** What can be done to a good history, and how it must be found. */
export interface SeededFault {
  readonly what: string
  readonly rule: Rule
  readonly says: RegExp
  /** False if this history has no place for it. */
  readonly seed: (history: GoodHistory) => boolean
}

export const seededFaults: readonly SeededFault[] = [...lockFaults, ...writeFaults, ...endFaults]
