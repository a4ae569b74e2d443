import { Random } from '../history/run/random.ts'
import { Pair, type PairOptions } from '../support/pair.ts'
import { type FailOver, failOver, prepareFailOvers } from './fail-over.ts'

export interface FailOversOptions extends PairOptions {
  readonly rounds: number
  readonly seed: number
  readonly isSynchronous: boolean
  readonly progress?: (done: number, last: FailOver) => void
}

/** Fail-overs one after the other: who was promoted in one is the primary of the next, so tokens have all of them to rise over. */
export async function runFailOvers(options: FailOversOptions): Promise<FailOver[]> {
  const { rounds, seed, isSynchronous, progress } = options
  await using pair = await Pair.start(options)
  await prepareFailOvers(pair)
  const largest = { token: 0 }
  const all: FailOver[] = []
  for (let number = 1; number <= rounds; number++) {
    if (number > 1) await pair.renew()
    const random = new Random(seed, `fail-over ${number}`)
    const last = await failOver(pair, { number, random, isSynchronous, largest })
    all.push(last)
    progress?.(number, last)
  }
  return all
}
