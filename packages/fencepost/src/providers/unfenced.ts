import type { Fencing } from '../fencing/guarded-transaction.ts'
import { NotFencedError } from './provider-errors.ts'

/** For locks without a database: what would have to be refused by one is refused at once. */
export function unfenced(keeper: string, advice: string): Fencing {
  return {
    guard: () => Promise.reject(new NotFencedError('lock.guard', keeper, advice)),
    transaction: () => Promise.reject(new NotFencedError('lock.transaction', keeper, advice)),
    pgOptions() {
      throw new NotFencedError('lock.pgOptions', keeper, advice)
    },
  }
}
