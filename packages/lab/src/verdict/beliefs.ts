import type { Cell } from './judge-cell.ts'

/** `twice`: in every round at least once in a run; `once`: never twice; `open`: we would not say. */
type Belief = 'twice' | 'once' | 'open'

/** By `fault:moment`, else by `fault`; what is not named is believed to be paid once. */
type Beliefs = Readonly<Record<string, Belief>>

const PAUSED: Beliefs = { freeze: 'twice', block: 'twice', partition: 'twice' }
/** Of a lock with a check: it saves who is told before it looks. */
const CHECKED: Beliefs = {
  'freeze:before-check': 'open',
  'freeze:after-check': 'twice',
  'freeze:in-write': 'twice',
  'block:before-check': 'open',
  'block:after-check': 'twice',
  'partition:before-check': 'open',
  'partition:after-check': 'twice',
  'server-crash': 'open',
  promotion: 'open',
}

/** What we believed of each contender before it was tried. Of a fenced lock, and of one that is not ours, nothing is listed. */
const BELIEFS: Readonly<Record<string, Beliefs>> = {
  'redis-set-nx': { ...PAUSED, 'clock-1': 'twice', 'redis-restart': 'twice' },
  'redlock-4': { ...PAUSED, 'clock-3': 'twice', 'redis-restart': 'twice' },
  'redlock-5': {
    ...CHECKED,
    'clock-3:after-check': 'twice',
    'clock-3:before-check': 'open',
    'redis-restart:after-check': 'twice',
    'redis-restart:before-check': 'open',
  },
  'redlock-5-expiration': {
    ...CHECKED,
    'freeze:before-check': 'once',
    'block:before-check': 'once',
    'partition:before-check': 'once',
    'clock-3': 'twice',
    'redis-restart': 'twice',
  },
  // A session lives while its process is only stopped: nobody else can go on, and nothing is paid twice.
  'pg-advisory-lock': { terminate: 'twice', 'server-crash': 'twice', promotion: 'twice' },
  // Whose lock it is depends on which backends the pooler has chosen: paid twice here, granted to nobody any more there.
  'pg-advisory-pooled': Object.fromEntries(
    ['nothing', 'freeze', 'block', 'kill', 'partition', 'clock-1', 'server-crash', 'promotion'].map((fault) => [
      fault,
      'open',
    ]),
  ) as Beliefs,
  'pg-lease-table': { ...CHECKED, 'clock-1:after-check': 'twice', 'clock-1:before-check': 'open' },
  zookeeper: CHECKED,
  etcd: CHECKED,
  // The token is compared with those that were seen, not with those that were granted: whoever is inside its transaction
  // commits, and the next holder has read "unpaid" before it had to wait for that.
  'etcd-token': { 'freeze:in-write': 'twice' },
}

/** What was seen otherwise than we believed, in sentences. */
export function surprises(cells: readonly Cell[], fenced: readonly string[]): string[] {
  return cells.flatMap((cell) => {
    const belief = beliefOf(cell, fenced)
    const { contender, fault, moment, doubleRounds, rounds } = cell
    const seen = `${contender}, ${fault}:${moment}: ${doubleRounds} of ${rounds} rounds paid twice`
    if (belief === 'twice' && doubleRounds === 0) return [`${seen}; we believed they would be`]
    if (belief === 'once' && doubleRounds > 0) return [`${seen}; we believed none would be`]
    return []
  })
}

function beliefOf({ contender, fault, moment }: Cell, fenced: readonly string[]): Belief {
  if (fenced.includes(contender)) return 'once'
  const own = BELIEFS[contender]
  if (own === undefined) return 'open'
  return own[`${fault}:${moment}`] ?? own[fault] ?? 'once'
}
