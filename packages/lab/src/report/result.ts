import type { Round } from '../history/round.ts'
import type { Cell } from '../verdict/judge-cell.ts'

/** A contender as it was tried. */
export interface Tried {
  readonly name: string
  readonly about: string
  readonly isFenced: boolean
  readonly settings: Readonly<Record<string, string | number>>
}

/** Why something was not tried; without a fault: nothing of the contender was. */
export interface NotTried {
  readonly contender: string
  readonly fault?: string
  readonly why: string
}

/** A round as it is told. */
export interface Told extends Round {
  /** A command line that plays it again. */
  readonly again: string
}

/** A run, as it is written to `--json`. */
export interface Result {
  /** Of this format. */
  readonly version: 1
  /** ISO 8601, of the begin. */
  readonly date: string
  readonly seconds: number
  /** E.g. `2 cores (…), linux 6.1`. */
  readonly machine: string
  /** E.g. `Node 20.20.2`, `PostgreSQL 18.4`, `redlock 5.0.0-beta.2`. */
  readonly versions: readonly string[]
  readonly ttlMs: number
  /** `network namespace`, or `proxies` where none may be made; null where nothing was cut. */
  readonly partitionsBy: string | null
  readonly firstSeed: number
  /** Whether everything was tried that was to be; false after Ctrl-C. */
  readonly isComplete: boolean
  readonly contenders: readonly Tried[]
  readonly faults: readonly { readonly name: string; readonly about: string }[]
  readonly cells: readonly Cell[]
  readonly notTried: readonly NotTried[]
  /** What was seen otherwise than we believed before. */
  readonly surprises: readonly string[]
  /** Every round with its history; left out where only the figures are kept. */
  readonly rounds?: readonly Told[]
}

/** `freeze:after-check`, as the command line takes it. */
export function trialName({ fault, moment }: { readonly fault: string; readonly moment: string }): string {
  return `${fault}:${moment}`
}

/**
 * Plays a round once more.
 *
 * @param program what runs the lab, e.g. `npx fencepost lab`
 * @param source as the command line names the contender
 */
export function againBy(program: string, source: string, round: Pick<Round, 'fault' | 'moment' | 'seed'>): string {
  const name = /^[\w./-]+$/.test(source) ? source : `'${source.replaceAll("'", `'\\''`)}'`
  return `${program} --contender ${name} --fault ${trialName(round)} --seed ${round.seed} --rounds 1`
}

/** What was not tried, one sentence for each reason. */
export function notTriedInShort(notTried: readonly NotTried[]): string[] {
  const byReason = new Map<string, { contenders: Set<string>; faults: Set<string> }>()
  for (const { contender, fault, why } of notTried) {
    const group = byReason.get(why) ?? { contenders: new Set(), faults: new Set() }
    byReason.set(why, group)
    group.contenders.add(contender)
    if (fault !== undefined) group.faults.add(fault)
  }
  return [...byReason].map(([why, { contenders, faults }]) => {
    const under = faults.size === 0 ? '' : ` under ${[...faults].join(', ')}`
    return `${[...contenders].join(', ')}${under}: ${why}`
  })
}

/** Rounds whose figures are to be doubted, one sentence for each trial. */
export function doubtful(cells: readonly Cell[]): string[] {
  return cells.flatMap((cell) => {
    const of = `${cell.contender}, ${trialName(cell)}`
    return [
      ...(cell.broken.length > 0
        ? [`${of}: ${cell.broken.length} of ${cell.rounds} broken off: ${cell.broken[0]}`]
        : []),
      ...(cell.disputed > 0
        ? [`${of}: in ${cell.disputed} of ${cell.rounds} the processes tell of another payout than the ledger has`]
        : []),
    ]
  })
}
