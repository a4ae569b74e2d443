import type { Events } from '../events/events.ts'
import type { OfHeld } from '../events/lock-events.ts'
import type { Fencing, Isolation } from '../fencing/guarded-transaction.ts'
import type { Transaction } from '../fencing/pooled-transaction.ts'
import { StaleTokenError } from '../ground/errors.ts'
import { NotFencedError } from '../providers/provider-errors.ts'
import type { MemoryLines } from './memory-lines.ts'

/**
 * Runs `work` with whatever your code takes for a transaction, and returns what it returned. What `work` throws, a refusal say, has to undo what
 * it did, and has to come out again.
 */
export type RunTransaction = <T>(
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever stands for a transaction in the tests of a user
  work: (tx: any) => Promise<T>,
  options: { readonly isolation: Isolation },
) => Promise<T>

const KEEPER = 'memory'
const ADVICE = 'give memoryLocks() a transaction to run it in, or test this against a real PostgreSQL'

/**
 * Asks in memory whether a token is good, before the work and once more after it. Nothing keeps the next holder waiting between that and
 * the commit, so it refuses a zombie and guards no row.
 */
export function memoryFencing(lines: MemoryLines, run: RunTransaction | undefined, events: Events): Fencing {
  const check = (fences: readonly OfHeld[]) => {
    const stale = fences.find((fence) => !lines.isHeld(fence))
    if (stale === undefined) return
    const refusal = new StaleTokenError(stale.name, stale.token, new Error('nobody holds the lock under it'))
    events.refused(stale, refusal)
    throw refusal
  }
  return {
    async guard(_, fence) {
      if (run === undefined) throw new NotFencedError('lock.guard', KEEPER, ADVICE)
      check([fence])
    },
    async transaction(fences, { isolation, run: work }) {
      if (run === undefined) throw new NotFencedError('lock.transaction', KEEPER, ADVICE)
      check(fences)
      const checked = async (tx: Transaction) => {
        const result = await work(tx)
        check(fences)
        return result
      }
      return await run(checked, { isolation })
    },
    pgOptions() {
      throw new NotFencedError('lock.pgOptions', KEEPER, 'take the lock in a real PostgreSQL')
    },
  }
}
