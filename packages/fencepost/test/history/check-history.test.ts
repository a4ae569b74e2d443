import { expect, test } from 'vitest'
import { checkHistory, type Rules } from './check-history.ts'
import { type Call, newCall } from './history.ts'
import { seededFaults } from './model/seeded-faults.ts'
import { goodHistory } from './model/good-history.ts'

const SEEDS = Array.from({ length: 30 }, (_, seed) => seed)
const call = (id: string, name: string, more: Partial<Call>) => ({
  ...newCall({
    id,
    life: id.slice(0, 3),
    name,
    mode: 'exclusive',
    op: 'lock',
    within: null,
    limitMs: null,
    calledAt: 0,
  }),
  ...more,
})
/** What makes a call a holder for three seconds. */
const held = (token: number) => ({ grantedAt: 1, token, releaseAt: 3000, releasedAt: 3001 })
const STRICT: Rules = {
  line: { inLine: 'by event', drawnWithinMs: 0, acrossShare: 0 },
  lateMs: 15_000,
  mayDeadlock: false,
}

test('a history that keeps the promises is found good, with its kills and freezes', () => {
  const histories = SEEDS.map(goodHistory)
  expect(histories.filter(({ deaths }) => deaths.size > 0).length).toBeGreaterThan(10)
  expect(histories.filter(({ faults }) => faults.length > 0).length).toBeGreaterThan(10)
  for (const history of histories) expect(checkHistory(history, STRICT).violations).toEqual([])
})

test.each(seededFaults)('$what is found ($rule), wherever it is', ({ rule, says, seed }) => {
  let seeded = 0
  for (const number of SEEDS) {
    const history = goodHistory(number)
    if (!seed(history)) continue
    seeded++
    const found = checkHistory(history, STRICT).violations.filter((violation) => violation.rule === rule)
    expect(
      found.map(({ message }) => message),
      `seed ${number}`,
    ).toContainEqual(expect.stringMatching(says))
  }
  expect(seeded).toBeGreaterThan(5)
})

test('who is told of a deadlock in a ring is no violation, and is one once nobody waits for it', () => {
  const victim = { within: '2.1/0/0', calledAt: 20, refusal: { at: 1500, code: 'DEADLOCK', message: '' } }
  const ring = [
    call('1.1/0/0', 'a', held(2)),
    call('1.1/0/0.0', 'b', { within: '1.1/0/0', calledAt: 10, ...held(6), grantedAt: 2000 }),
    call('2.1/0/0', 'b', { ...held(4), releaseAt: 1900, releasedAt: 1901 }),
    call('2.1/0/0.0', 'a', victim),
  ]
  const rules = { ...STRICT, mayDeadlock: true }
  const history = { ...goodHistory(1), calls: ring, effects: [], faults: [], deaths: new Map(), endedAt: 4000 }
  expect(checkHistory(history, rules).violations).toEqual([])
  const [, , , last] = ring
  const chain = { ...history, calls: [call('2.1/0/0', 'b', held(4)), ...(last === undefined ? [] : [last])] }
  expect(checkHistory(chain, rules).violations).toMatchObject([{ rule: 'error', calls: ['2.1/0/0.0'] }])
})

test('one who overtakes another of another process is counted, and forgiven if there are few', () => {
  const overtaken = seededFaults.find(({ what }) => what === 'one who overtakes another')
  const history = goodHistory(1)
  expect(overtaken?.seed(history)).toBe(true)
  const forgiving = { ...STRICT, line: { ...STRICT.line, acrossShare: 0.5 } }
  const { violations, line } = checkHistory(history, forgiving)
  expect(line.overtakersAcross + line.overtakersWithin).toBe(1)
  expect(violations).toHaveLength(line.overtakersWithin)
  const never = { ...STRICT, line: { ...STRICT.line, inLine: 'never' as const } }
  expect(checkHistory(history, never).violations).toEqual([])
})
