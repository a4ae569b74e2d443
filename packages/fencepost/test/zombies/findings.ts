import { groupBy, type History } from '../history/history.ts'
import type { Campaign, Round } from './campaign.ts'

/** What a campaign came to. */
export interface CampaignFindings {
  /** Names whose holder was struck before it had ended. */
  readonly struck: number
  /** Names that were paid more than once, and not at all. */
  readonly paidTwice: readonly string[]
  readonly unpaid: readonly string[]
  /** Holders that were refused for their token. */
  readonly refused: number
  /** What the holders were doing when they were struck. */
  readonly during: Readonly<Record<string, number>>
  /** From the blow to the next grant, where the holder held the lock; in ms, in their order. */
  readonly grantedMs: readonly number[]
}

export function readCampaign({ history, rounds }: Campaign): CampaignFindings {
  const effects = groupBy(history.effects, ({ name }) => name)
  const count = ({ name }: Round) => effects.get(name)?.length ?? 0
  const struck = rounds.filter(({ isStruck }) => isStruck)
  const moments = struck.map((round) => momentOf(round, history))
  const during: Record<string, number> = {}
  for (const moment of moments) during[moment] = (during[moment] ?? 0) + 1
  const holding = struck.filter((_, i) => moments[i] !== 'lock')
  return {
    struck: struck.length,
    paidTwice: rounds.filter((round) => count(round) > 1).map(({ name }) => name),
    unpaid: rounds.filter((round) => count(round) === 0).map(({ name }) => name),
    refused: rounds.filter(({ holder }) => holder.outcome === 'refused').length,
    during,
    grantedMs: holding.flatMap((round) => waitOf(round, history)).toSorted((one, other) => one - other),
  }
}

function momentOf({ holder, struckAt }: Round, { calls }: History): string {
  const call = calls.find(({ id }) => id === holder.id)
  if ((call?.grantedAt ?? Number.POSITIVE_INFINITY) > struckAt) return 'lock'
  const write = call?.writes.find(({ id }) => id.endsWith('#0'))
  if (write?.commitAt != null && write.commitAt <= struckAt) return 'commit'
  if (write?.begunAt != null && write.begunAt <= struckAt) return 'write'
  return 'read'
}

function waitOf({ next, struckAt }: Round, { calls }: History): number[] {
  const grantedAt = calls.find(({ id }) => id === next.id)?.grantedAt
  return grantedAt == null ? [] : [grantedAt - struckAt]
}
