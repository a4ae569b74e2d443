import { afterMisfortune, change, frozenAt, killedAt, onPair, overtake } from './seed.ts'
import type { SeededFault } from './seeded-faults.ts'

/** Of exclusion, of tokens and of the line. */
export const lockFaults: readonly SeededFault[] = [
  {
    what: 'two exclusive holders',
    rule: 'P1',
    says: /held it at once/,
    seed: onPair(['exclusive', 'exclusive'], (first, second) => {
      second.grantedAt = (first.releaseAt ?? 0) - 0.5
      second.calledAt = Math.min(second.calledAt, second.grantedAt)
    }),
  },
  {
    what: 'an exclusive holder among shared ones',
    rule: 'P1',
    says: /held it at once/,
    seed: onPair(['shared', 'exclusive'], (first, second) => {
      second.grantedAt = (first.releaseAt ?? 0) - 0.5
      second.calledAt = Math.min(second.calledAt, second.grantedAt)
    }),
  },
  {
    what: 'a grant before its holder was killed',
    rule: 'P1',
    says: /held it at once/,
    seed: (history) => afterMisfortune(history, killedAt),
  },
  {
    what: 'a grant before its holder was frozen',
    rule: 'P1',
    says: /held it at once/,
    seed: (history) => afterMisfortune(history, frozenAt),
  },
  {
    what: 'a token handed out twice',
    rule: 'P2',
    says: /handed out twice/,
    seed: onPair(['exclusive', 'exclusive'], (first, second) => (second.token = first.token)),
  },
  {
    what: 'a smaller token for a later grant',
    rule: 'P2',
    says: /later grant has the smaller token/,
    seed: onPair(['exclusive', 'exclusive'], (first, second) => {
      second.calledAt = Math.max(second.calledAt, first.grantedAt + 0.1)
      ;[first.token, second.token] = [second.token, first.token]
    }),
  },
  {
    what: 'an odd token for an exclusive holder',
    rule: 'P2',
    says: /wrong kind/,
    seed: onPair(['exclusive', 'exclusive'], (first) => (first.token += 1)),
  },
  {
    what: 'two tokens for two who share',
    rule: 'P2',
    says: /under different tokens/,
    seed: onPair(['shared', 'shared'], (_, second) => (second.token += 2)),
  },
  {
    what: 'another token for a nested lock',
    rule: 'P2',
    says: /nested in/,
    seed: ({ calls }) =>
      change(
        calls.find(({ op }) => op === 'again'),
        (call) => (call.token = (call.token ?? 0) + 4),
      ),
  },
  {
    what: 'one who overtakes another of its process',
    rule: 'FIFO',
    says: /overtook/,
    seed: (history) => overtake(history, (first, second) => Object.assign(second, { life: first.life })),
  },
  { what: 'one who overtakes another', rule: 'FIFO', says: /overtook/, seed: (history) => overtake(history, () => {}) },
]
