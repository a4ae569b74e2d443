import type { AnyTransaction } from '../adapters/any-transaction.ts'
import type { OfHeld } from '../events/lock-events.ts'
import { asError } from '../ground/as-error.ts'
import { literal } from '../postgres/place-values.ts'
import type { Origin } from '../postgres/target.ts'
import type { Fence } from './fence.ts'
import { describeRefusal, guard } from './guard.ts'
import { pgOptionsOf } from './pg-options.ts'
import { pooledTransaction, type Transaction } from './pooled-transaction.ts'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** What has to stand for a transaction to commit: one fence or several, in the order of their keys. */
export type Fences = readonly [Fence, ...Fence[]]

/** What to do in a transaction, and at which level. */
export interface Work<T> {
  readonly isolation: Isolation
  /** Aborts when the lock is lost: the transaction can no longer commit. */
  readonly lost: AbortSignal
  readonly run: (tx: Transaction) => Promise<T>
}

/** How writes under locks are refused once those are not held any more. It is handed the fences of its own locks only. */
export interface Fencing {
  guard(tx: AnyTransaction, fence: OfHeld): Promise<void>
  /** Commits only while all of them stand. */
  transaction<T>(fences: readonly OfHeld[], work: Work<T>): Promise<T>
  pgOptions(fences: readonly OfHeld[]): string
}

/** By the database that grants the locks. */
export function fencingOf(origin: Origin): Fencing {
  return {
    guard: (tx, fence) => guard(tx, fence as Fence),
    transaction: (fences, work) => guardedTransaction(origin, fences as unknown as Fences, work),
    pgOptions: (fences) => pgOptionsOf(fences as readonly Fence[]),
  }
}

/**
 * Runs `work` in a transaction that commits only while its fences stand. They are guarded together with COMMIT, and looked at together with
 * BEGIN where they may not stand any more, to fail early.
 */
export async function guardedTransaction<T>(origin: Origin, fences: Fences, work: Work<T>): Promise<T> {
  const [{ name, schema }] = fences
  const { lost, run } = work
  return await pooledTransaction(origin, {
    owner: name,
    schema,
    lost,
    run,
    opening: ({ isWatched }) => place(opening(isWatched, fences, work), fences),
    closing: () => place(`call fencepost.close_guarded(${PLACE}); commit`, fences),
    describe: (error) => describeRefusal(error, refused(error, fences)),
  })
}

/** @throws {TypeError} for what is no isolation level. */
export function checkIsolation(isolation: Isolation): Isolation {
  if (!['read committed', 'repeatable read', 'serializable'].includes(isolation)) {
    throw new TypeError(`isolation must be 'read committed', 'repeatable read' or 'serializable'; got '${isolation}'`)
  }
  return isolation
}

/** Asks for the tokens only where the answer may be no: a process that was frozen has not heard of the server for a while. */
function opening(isWatched: boolean, fences: Fences, { isolation, lost }: Work<unknown>): string {
  const begin = `begin isolation level ${isolation}`
  if (isWatched && !lost.aborted && fences.every((fence) => fence.isHeard())) {
    return `${begin}; set local fencepost.guarded = ${numbersOf(fences)}`
  }
  const limit = isWatched ? 'null' : `${fences[0].freezeMs} * interval '1 ms'`
  return `${begin}; select fencepost.open_guarded(${PLACE}, ${limit})`
}

const PLACE = '<fences, names, namespace>'

/** A message of several statements takes no parameters; the schema is placed before what the user chose is put in. */
function place(script: string, fences: Fences): string {
  return fences[0].schema.place(script).replace(PLACE, () => fieldsOf(fences))
}

/** They are of one instance, and so of one namespace. */
function fieldsOf(fences: Fences): string {
  const names = fences.map(({ name }) => literal(name)).join(',')
  return `${numbersOf(fences)}, array[${names}], ${literal(fences[0].namespace)}`
}

function numbersOf(fences: Fences): string {
  return `'{${fences.map(({ key, token, session }) => `${key},${token},${session}`).join(',')}}'`
}

/** A refusal carries the name it is about in a field of its own; undefined if it is about none of these. */
function refused(error: unknown, fences: Fences): Fence | undefined {
  const { constraint } = asError(error) as Error & { constraint?: string }
  return fences.find(({ name }) => name === constraint)
}
