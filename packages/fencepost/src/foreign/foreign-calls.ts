import type { ForeignKey } from '../ground/foreign-key.ts'
import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import { asError } from '../ground/as-error.ts'
import type { Session } from '../postgres/session.ts'
import type { Parameter } from '../wire/question.ts'

/** The keys of a name, and that of another program that is locked along with it. */
export interface KeysWithForeign extends Keys {
  readonly foreign: ForeignKey
}

const TAKE = 'select fencepost.take_foreign($1, $2, $3, $4, $5, $6)'
const ACQUIRE = 'select fencepost.acquire_foreign($1, $2, $3, $4, $5)'
const IS_WANTED = 'select fencepost.is_foreign_wanted($1, $2)'
const UNLOCK = 'select fencepost.unlock_foreign($1, $2, $3)'
const FORGET = 'select fencepost.forget_foreign($1, $2, $3, $4, $5)'

export function hasForeign(keys: Keys): keys is KeysWithForeign {
  return keys.foreign !== undefined
}

/** Both keys if they are free at once, or none; the answer is that of `take`. Nothing is held if it rejects. */
export async function takeForeign(
  session: Session,
  { keys, mode, line }: { keys: KeysWithForeign; mode: Mode; line: bigint | null },
): Promise<string | null> {
  const values = [String(keys.key), String(keys.gate), line === null ? null : String(line), mode, ...parts(keys)]
  try {
    return await session.ask(TAKE, values, 'take foreign')
  } catch (error) {
    await forgetForeign(session, keys, mode).catch((failed: unknown) => {
      session.destroy(new Error('the session could not be cleared', { cause: asError(failed) }))
    })
    throw error
  }
}

/** Waits for both keys for one slice, on a lane; the answer is that of `acquire`. After an error both are to be forgotten. */
export async function acquireForeign(session: Session, keys: KeysWithForeign, mode: Mode): Promise<string | null> {
  return await session.ask(ACQUIRE, [String(keys.key), String(keys.gate), mode, ...parts(keys)], 'acquire foreign')
}

/** Lets go of whatever this session has of both. */
export async function forgetForeign(session: Session, keys: KeysWithForeign, mode: Mode): Promise<void> {
  await session.ask(FORGET, [String(keys.key), String(keys.gate), mode, ...parts(keys)], 'forget foreign')
}

/** Lets go of the foreign key. Never rejects: a session that cannot be told is ended, and the server lets go of all it held. */
export async function unlockForeign(session: Session, keys: KeysWithForeign, mode: Mode): Promise<void> {
  try {
    await session.ask(UNLOCK, [mode, ...parts(keys)], 'unlock foreign')
  } catch (failed) {
    session.destroy(new Error('a foreign key could not be let go of', { cause: asError(failed) }))
  }
}

/** Whether a writer waits for the foreign key. */
export async function isForeignWanted(session: Session, keys: KeysWithForeign): Promise<boolean> {
  return (await session.ask(IS_WANTED, parts(keys), 'is foreign wanted')) === 't'
}

/** As the functions take it: a number, or else a pair. */
function parts({ foreign }: KeysWithForeign): [number: Parameter, pair: Parameter] {
  const { int8, int4 } = foreign
  return [int8 === null ? null : String(int8), int4 === null ? null : `{${int4.join()}}`]
}
