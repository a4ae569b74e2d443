import { judgeRound } from '../../verdict/judge-round.ts'
import { type Result, type Told, trialName } from '../result.ts'
import { escape } from './escape.ts'
import { timeline } from './timeline.ts'

/** What each contender is shown by: a round that was paid twice, else one in which a stale write was refused, else one in which nobody could go on. */
export function drawnRounds({ contenders, rounds = [] }: Result): string {
  return contenders
    .flatMap(({ name }) => {
      const own = rounds.filter(({ contender, broken }) => contender === name && broken === undefined)
      const failing = firstOfEach(own.filter((round) => judgeRound(round).doubleEntries > 0))
      const [first = tellingOf(own), ...more] = failing
      if (first === undefined) return []
      const others = more.map((round) => figure(round)).join('')
      const rest =
        more.length === 0 ? '' : `<details><summary>${more.length} more of ${escape(name)}</summary>${others}</details>`
      return [figure(first), rest]
    })
    .join('')
}

/** One of each fault and moment. */
function firstOfEach(rounds: readonly Told[]): Told[] {
  const names = rounds.map(trialName)
  return rounds.filter((round, index) => names.indexOf(trialName(round)) === index)
}

function tellingOf(rounds: readonly Told[]): Told | undefined {
  const judged = rounds.map((round) => ({ round, judgement: judgeRound(round) }))
  const refused = judged.find(({ judgement }) => judgement.refused > 0)
  return (refused ?? judged.find(({ judgement }) => judgement.takeoverMs === null))?.round
}

function figure(round: Told): string {
  const { contender, seed, events, again } = round
  const trial = trialName(round)
  const history = events.map(
    ({ atMs, who, what, detail = '' }) => `${atMs.toFixed(1).padStart(9)} ms  ${who.padEnd(3)}  ${what} ${detail}`,
  )
  return (
    `<figure><h3>${escape(contender)}, ${escape(trial)}: ${escape(outcome(round))}</h3>` +
    `<figcaption>seed ${seed}; again: <code>${escape(again)}</code></figcaption>` +
    `<div style="overflow-x:auto">${timeline(round)}</div>` +
    `<details><summary>history</summary><pre>${escape(history.join('\n'))}</pre></details></figure>`
  )
}

function outcome(round: Told): string {
  const { doubleEntries, lostUpdates, refused, takeoverMs } = judgeRound(round)
  if (doubleEntries > 0)
    return `paid ${doubleEntries + 1} times${lostUpdates > 0 ? `, ${lostUpdates} update lost` : ''}`
  if (refused > 0) return 'the stale write was refused, paid once'
  return takeoverMs === null ? 'nobody else could go on, paid once' : 'paid once'
}
