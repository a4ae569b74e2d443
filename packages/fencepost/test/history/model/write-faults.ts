import { change, onPair, quietGrants, refuse, replace, writeOf } from './seed.ts'
import type { SeededFault } from './seeded-faults.ts'

/** Of guarded writes. */
export const writeFaults: readonly SeededFault[] = [
  {
    what: 'a commit invoked after the next grant',
    rule: 'P3',
    says: /though a later token had been granted/,
    seed: onPair(['exclusive', 'exclusive'], (first, second) => {
      Object.assign(writeOf(first), { commitAt: second.grantedAt + 0.1, committedAt: second.grantedAt + 0.2 })
    }),
  },
  {
    what: 'a commit of a sharer invoked after the next exclusive grant',
    rule: 'P3',
    says: /though a later token had been granted/,
    seed: onPair(['shared', 'exclusive'], (first, second) => {
      Object.assign(writeOf(first), { commitAt: second.grantedAt + 0.1, committedAt: second.grantedAt + 0.2 })
    }),
  },
  {
    what: 'a write that the server has after one of the next holder',
    rule: 'P3',
    says: /wrote after/,
    seed: ({ effects }) => {
      const at = effects.findIndex((effect, i) => i > 0 && effect.token > (effects[i - 1]?.token ?? 0))
      effects.splice(at - 1, 0, ...effects.splice(at, 1))
      return at > 0
    },
  },
  {
    what: 'a lost update',
    rule: 'P3',
    says: /an update was lost/,
    seed: ({ effects }) =>
      replace(
        effects,
        ({ mode, n }) => mode === 'exclusive' && n > 1,
        (effect) => ({ ...effect, n: effect.n - 1 }),
      ),
  },
  {
    what: 'a counter that was written besides',
    rule: 'P3',
    says: /the counter stands at/,
    seed: ({ counters }) => counters.set('a', 1_000_000).size > 0,
  },
  {
    what: 'a write under the token of somebody else',
    rule: 'P3',
    says: /it carries token/,
    seed: ({ effects }) =>
      replace(
        effects,
        ({ mode }) => mode === 'exclusive',
        (effect) => ({ ...effect, token: effect.token + 2 }),
      ),
  },
  {
    what: 'an acknowledged write that is gone',
    rule: 'P3',
    says: /acknowledged and is not there/,
    seed: ({ effects }) => effects.pop() !== undefined,
  },
  {
    what: 'a refused write that is there',
    rule: 'P3',
    says: /was refused \(STALE_TOKEN\) and is there/,
    seed: onPair(['exclusive', 'exclusive'], (first) => refuse(writeOf(first))),
  },
  {
    what: 'a write that is refused to a holder',
    rule: 'P3',
    says: /though nothing had happened/,
    seed: (history) => {
      const call = quietGrants(history).find(({ mode }) => mode === 'exclusive')
      return change(call, ({ writes }) => writes.forEach(refuse))
    },
  },
]
