import { fencepost } from 'fencepost'
import pg from 'pg'
import type { Random } from '../history/run/random.ts'
import { eventually } from '../support/eventually.ts'
import type { Pair } from '../support/pair.ts'
import { now, Remote, type RemoteError } from '../support/remote.ts'

/** What became of one fail-over. */
export interface FailOver {
  /** From the kill of the primary: until the standby takes writes, and until the next holder has the lock. */
  readonly promotedMs: number
  readonly grantedMs: number
  /** Where the old holder was frozen. */
  readonly frozen: Frozen
  /** What the old holder was told about its open transaction, about a late one, and about a late one on the new primary. */
  readonly told: readonly string[]
  /** Guarded writes that were acknowledged by the old primary, and those of them that the new one does not have. */
  readonly acknowledged: number
  readonly lost: number
  /** What the promises rule out; of lost writes only a synchronous standby rules out any. */
  readonly violations: readonly string[]
}

export interface Round {
  readonly number: number
  readonly random: Random
  readonly isSynchronous: boolean
  /** The largest token that was ever acknowledged, in all the rounds before. */
  readonly largest: { token: number }
}

type Frozen = 'before its write' | 'before its guard' | 'after its guard'
type Told = { readonly code: string } | null

const NAME = 'leader'
const LEDGER = 'ledger'
/** Where a standby that is to be left behind is cut off; all of it happens only without synchronous replication. */
const CUTS = { never: 1, 'before the epoch': 1, 'before the last writes': 2 } as const

/** The schema and the table of effects, on the first primary. */
export async function prepareFailOvers({ primary }: Pair): Promise<void> {
  await using fp = fencepost(primary.url)
  await fp.migrate()
  await ask(primary.url, 'create table effects (round integer, who text, token bigint)')
}

/**
 * A holder is frozen with a guarded transaction that is about to commit, the primary is killed, the standby is promoted, another
 * process is granted the lock there, and the old holder wakes: it goes on where it was, and tries the new primary too.
 */
export async function failOver(pair: Pair, round: Round): Promise<FailOver> {
  const { random, isSynchronous } = round
  const cut = isSynchronous ? 'never' : random.pick(CUTS)
  if (cut === 'before the epoch') await pair.cutOff()
  await using old = await Remote.start(pair.primary.url)
  await using next = await Remote.start(pair.standby.url)
  const token = await old.call<number>('lock', NAME)
  const tokens = [token, ...(await writeLedger(pair, round, cut === 'before the last writes'))]
  const frozen = await freeze(old, round)

  const killedAt = now()
  pair.killPrimary()
  await pair.promote()
  const promotedMs = now() - killedAt
  const granted = await grant(next)
  const grantedMs = now() - killedAt
  await next.call('write', NAME, insert(round, 'next', granted))

  old.thaw()
  const told = [
    await answer(old.call('commit', NAME)),
    await answer(old.call('write', NAME, insert(round, 'zombie', token))),
    await answer(old.call('writeAt', pair.standby.url, NAME, insert(round, 'zombie', token))),
  ]
  const found = await ask<{ who: string; token: string }>(
    pair.standby.url,
    `select who, token from effects where round = ${round.number}`,
  )
  const kept = found.filter(({ who }) => who === LEDGER).length
  const lost = tokens.length - 1 - kept
  const violations = violationsOf({ ...round, granted, tokens, told, who: found.map(({ who }) => who), lost })
  round.largest.token = Math.max(round.largest.token, granted, ...tokens)
  const codes = told.map((one) => one?.code ?? 'done')
  return { promotedMs, grantedMs, frozen, told: codes, acknowledged: tokens.length - 1, lost, violations }
}

/** Guarded writes that the old primary acknowledges, some of them maybe after the standby was cut off. Returns their tokens. */
async function writeLedger(pair: Pair, round: Round, isCut: boolean): Promise<number[]> {
  await using fp = fencepost(pair.primary.url)
  const count = round.random.between(2, 6)
  const cutBefore = isCut ? round.random.between(1, count) : 0
  const tokens: number[] = []
  for (let n = 1; n <= count; n++) {
    if (n === cutBefore) await pair.cutOff()
    await fp.lock(LEDGER, async (lock) => {
      await lock.transaction((tx) => tx.query(insert(round, LEDGER, lock.token)))
      tokens.push(lock.token)
    })
  }
  return tokens
}

async function freeze(old: Remote, round: Round): Promise<Frozen> {
  const where = round.random.pick<Frozen>({ 'before its write': 1, 'before its guard': 1, 'after its guard': 2 })
  await old.call('beginWrite', NAME, where === 'before its write' ? 'select 1' : insert(round, 'zombie', 0))
  if (where === 'after its guard') await old.call('guard', NAME)
  old.freeze()
  return where
}

/** It knows the address of the standby alone, and asks until that is the primary. */
async function grant(next: Remote): Promise<number> {
  return await eventually(async () => {
    const asked = next.call<number>('lock', NAME)
    return await asked.catch((error: RemoteError) => {
      if (error.code === 'STANDBY' || error.code === 'DATABASE_UNREACHABLE') return null
      throw error
    })
  })
}

interface Outcome extends Round {
  readonly granted: number
  readonly tokens: readonly number[]
  readonly told: readonly Told[]
  readonly who: readonly string[]
  readonly lost: number
}

function violationsOf({ largest, granted, tokens, told, who, lost, isSynchronous }: Outcome): string[] {
  const before = Math.max(largest.token, ...tokens)
  const [first = 0] = tokens
  return [
    ...(granted > before ? [] : [`token ${granted} on the new primary, after ${before}`]),
    ...(first > largest.token ? [] : [`token ${first} after ${largest.token}`]),
    ...told.flatMap((one, i) => (one === null ? [`late commit ${i + 1} was told that it is done`] : [])),
    ...(told[2]?.code === 'STALE_TOKEN' ? [] : [`the new primary said ${told[2]?.code} to the old holder`]),
    ...(who.includes('zombie') ? ['the old holder has written'] : []),
    ...(who.filter((one) => one === 'next').length === 1 ? [] : ['the write of the new holder is not there once']),
    ...(lost > 0 && isSynchronous ? [`${lost} acknowledged writes are lost`] : []),
  ]
}

function insert({ number }: Round, who: string, token: number): string {
  return `insert into effects values (${number}, '${who}', ${token})`
}

/** Null: it is done. */
async function answer(call: Promise<unknown>): Promise<Told> {
  return await call.then(
    () => null,
    ({ code, message }: RemoteError) => ({ code: code ?? message }),
  )
}

async function ask<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
