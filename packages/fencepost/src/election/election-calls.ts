import { checkLockable, type Lockable } from '../ground/foreign-key.ts'
import { Elections, type ElectionsOptions } from './elections.ts'
import { checkObserveOptions, type LeadOptions, type LeadWork, type ObserveOptions } from './lead-options.ts'
import { type Leader, observe } from './observe.ts'

/**
 * Runs `work` while this process is the leader of `name`, one at a time among all processes; until then it stands by, in line. Returns what
 * `work` returned, and the next in line leads at once. Where the term is lost or resigned from, waits for `work` to end and
 * stands by again; undefined once `signal` has aborted.
 *
 * @throws {DeadlockError} inside of its own function, as `lock` does.
 * @throws what `work` throws while its term lasts: the term is over then, and the next leads.
 * @throws what `lock` throws at the first use. Later outages of the database are waited out.
 */
export type LeadCall = <T>(name: Lockable, work: LeadWork<T>, options?: LeadOptions) => Promise<T | undefined>

/**
 * The leader of `name` now, null if there is none, and each one that follows, until `signal` aborts or the loop is left. Looks every 0.5 s.
 *
 * @throws {TypeError} for a name or an option that cannot be right.
 * @throws what `who` throws at the first look; later outages of the database are waited out.
 */
export type ObserveCall = (name: Lockable, options?: ObserveOptions) => AsyncGenerator<Leader | null, void, undefined>

/** `fp.lead` and `fp.observe`. */
export function electionCalls(options: ElectionsOptions): { lead: LeadCall; observe: ObserveCall } {
  const elections = new Elections(options)
  const { locks, closing } = options
  return {
    lead: async (name, work, asked) => await elections.lead(name, work, asked),
    observe: (name, asked = {}) => {
      checkLockable(name)
      const { signal } = checkObserveOptions(asked)
      return observe(async () => (await locks.who(name)).holders, { signal, closing })
    },
  }
}
