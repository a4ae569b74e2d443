import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { LabEvent } from '../src/history/event.ts'
import { againBy, doubtful } from '../src/report/result.ts'
import { Dice } from '../src/history/seed.ts'
import { surprises } from '../src/verdict/beliefs.ts'
import { judgeCell } from '../src/verdict/judge-cell.ts'
import { judgeRound } from '../src/verdict/judge-round.ts'
import { history, REFUSED, round, twice } from './history.ts'

const cell = (contender: string, rounds = [round({ contender })]) => judgeCell(rounds)
const paidTwice = (contender: string) => [{ ...twice(), contender }]
function pauses(seed: number): number[] {
  const dice = new Dice(seed)
  return [100, 100, 100].map((most) => dice.pauseMs(most))
}
const without = (...whats: string[]) => REFUSED.filter(({ what }) => !whats.includes(what))

test('a refused stale write is no double entry, and the take-over is counted from the blow', () => {
  expect(judgeRound(round())).toEqual({
    doubleEntries: 0,
    lostUpdates: 0,
    refused: 1,
    gaveUp: false,
    takeoverMs: 2000,
    isShared: true,
    isDisputed: false,
    broken: null,
  })
})

test('double entries and lost updates are what the ledger has, whatever the processes believe', () => {
  expect(judgeRound(twice())).toMatchObject({ doubleEntries: 1, lostUpdates: 1, refused: 0, isDisputed: false })
  expect(judgeRound(round({ entries: ['B', 'A'] }))).toMatchObject({ doubleEntries: 1 })
  expect(judgeRound(round({ entries: [] }))).toMatchObject({ doubleEntries: 0 })
})

/** Each is seeded into a good history, and must be found. */
const SEEDED: [string, Parameters<typeof round>[0], object][] = [
  ['a told payout that the ledger lacks', { entries: [] }, { isDisputed: true }],
  ['a payout that nobody told of', { entries: ['B', 'A'] }, { isDisputed: true, doubleEntries: 1 }],
  ['a payout twice by one process', { entries: ['B', 'B'] }, { isDisputed: true, doubleEntries: 1 }],
  ['two that believe to hold the lock at once', { events: without('refused') }, { isShared: true, refused: 0 }],
  ['nobody who could go on', { events: REFUSED.filter(({ who }) => who !== 'B'), entries: [] }, { takeoverMs: null }],
  ['a round that was broken off', { broken: 'it did not end' }, { broken: 'it did not end' }],
]
test.each(SEEDED)('%s is found', (_, change, found) => {
  expect(judgeRound(round())).not.toMatchObject(found)
  expect(judgeRound(round(change))).toMatchObject(found)
})

test('a grant after the holder went on is no take-over', () => {
  const late = REFUSED.map((event) =>
    event.what === 'granted' && event.who === 'B' ? { ...event, atMs: 2200 } : event,
  )
  expect(judgeRound(round({ events: late }))).toMatchObject({ takeoverMs: null })
})

test('a grant by which the other only comes to wait for the holder in the store is no take-over', () => {
  const late = REFUSED.map((event) =>
    event.what === 'written' || (event.what === 'released' && event.who === 'B') ? { ...event, atMs: 2150 } : event,
  )
  expect(judgeRound(round({ events: late }))).toMatchObject({ takeoverMs: null })
})

test('a lock that both were granted before the blow keeps nobody from going on', () => {
  const early = REFUSED.map((event) => (event.what === 'struck' ? { ...event, atMs: 2030 } : event))
  expect(judgeRound(round({ events: early }))).toMatchObject({ takeoverMs: 0 })
})

test('a killed holder believes nothing any more, and may have written without having told', () => {
  const killed: LabEvent[] = [
    ...history('A granted 5\nA reached 20'),
    { who: 'lab', what: 'struck', atMs: 25, detail: 'killed' },
    ...history('B asked 30\nB granted 40\nB written 50\nB released 51'),
  ]
  expect(judgeRound(round({ events: killed }))).toMatchObject({ isShared: false, takeoverMs: 15, isDisputed: false })
  expect(judgeRound(round({ events: killed, entries: ['A', 'B'] }))).toMatchObject({ isDisputed: false })
})

test('a write whose answer was lost may be in the ledger or not', () => {
  const events = REFUSED.map((event) => (event.what === 'refused' ? { ...event, what: 'failed' as const } : event))
  for (const entries of [['B'], ['B', 'A']] as const) {
    expect(judgeRound(round({ events, entries }))).toMatchObject({ isDisputed: false, refused: 0 })
  }
})

test('a cell sums its rounds, and takes the median of the take-overs', () => {
  const stalled = round({ events: REFUSED.filter(({ who }) => who !== 'B'), entries: [] })
  expect(judgeCell([twice(), round(), stalled])).toEqual({
    contender: 'one',
    fault: 'freeze',
    moment: 'after-check',
    rounds: 3,
    doubleRounds: 1,
    doubleEntries: 1,
    lostUpdates: 1,
    refused: 2,
    gaveUp: 0,
    shared: 2,
    takeoverMs: 2000,
    stalled: 1,
    broken: [],
    disputed: 0,
  })
  expect(() => judgeCell([])).toThrow(TypeError)
})

test('what is seen otherwise than believed is said', () => {
  expect(surprises([cell('redis-set-nx')], [])).toEqual([expect.stringContaining('we believed they would be')])
  expect(surprises([cell('redis-set-nx', paidTwice('redis-set-nx'))], [])).toEqual([])
  expect(surprises([cell('fencepost', paidTwice('fencepost'))], ['fencepost'])).toEqual([
    'fencepost, freeze:after-check: 1 of 1 rounds paid twice; we believed none would be',
  ])
  expect(surprises([cell('a-lock-of-yours', paidTwice('a-lock-of-yours'))], [])).toEqual([])
})

test('the same seed gives the same pauses, another others', () => {
  expect(pauses(7)).toEqual(pauses(7))
  expect(pauses(7)).not.toEqual(pauses(8))
})

test('a round that was broken off, and one that is told otherwise than the ledger has it, are to be doubted', () => {
  expect(doubtful([cell('one', [round({ contender: 'one' })])])).toEqual([])
  const lines = doubtful([cell('one', [round({ contender: 'one', broken: 'it did not end' }), round({ entries: [] })])])
  expect(lines).toEqual([
    'one, freeze:after-check: 1 of 2 broken off: it did not end',
    'one, freeze:after-check: in 1 of 2 the processes tell of another payout than the ledger has',
  ])
})

test('the command that plays a round again names a file as a shell takes it', () => {
  const line = ['sh', '-c', `printf '%s|' ${againBy('npx fencepost lab', "/it's a/lock.js", round())}`] as const
  expect(execFileSync(line[0], line.slice(1), { encoding: 'utf8' }).split('|').slice(0, -1)).toEqual(
    "npx|fencepost|lab|--contender|/it's a/lock.js|--fault|freeze:after-check|--seed|1|--rounds|1".split('|'),
  )
})
