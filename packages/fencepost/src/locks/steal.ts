import { orAborted } from '../ground/abort.ts'
import { asError } from '../ground/as-error.ts'
import { EvictionFailedError } from '../ground/eviction-errors.ts'
import { MissingPrivilegeError } from '../ground/server-errors.ts'
import { isNotYet } from '../line/ask.ts'
import type { Lane, Sessions } from '../sessions/sessions.ts'
import { readGrants, type Token } from '../sessions/ticks.ts'
import type { Wish } from '../sessions/wish.ts'
import { sqlState } from '../wire/sql-state.ts'

/** For the holder, and its guarded transactions in flight, to end by themselves: as `fp.evict` has it. */
const GRACE_MS = 5000
const STEP = `call fencepost.steal($1, $2, $3 * interval '1 ms', $4, $5, $6)`
const FAILED = 'LK008'
const FORBIDDEN = '42501'
const ATTEMPTS = 3

export interface Stolen {
  readonly lane: Lane
  readonly grant: Token
}

interface Step {
  readonly token: string | null
  /** An instant of the server's, which alone counts it. */
  readonly grace_ends_at: string | null
  readonly steps: number
  readonly granted: string | null
}

/**
 * Takes a name away from whoever holds it and is granted it before all who wait, on a lane of its own, which nobody else waits for. If that
 * is not to be, the lane is closed, and with it the gate is open again.
 */
export async function steal(sessions: Sessions, wish: Wish, signal: AbortSignal): Promise<Stolen> {
  for (let attempt = 1; ; attempt++) {
    const lane = await openLane(sessions, signal)
    lane.session.hold()
    try {
      return { lane, grant: await stealOn(lane, sessions, { wish, signal }) }
    } catch (error) {
      const isCancelled = isNotYet(lane.session, error)
      const described = signal.aborted ? asError(signal.reason) : await describe(error, lane, wish.name)
      // What was granted just before it was cancelled is let go of with its session.
      lane.giveBack()
      if (attempt === ATTEMPTS || signal.aborted || !isCancelled) throw described
    } finally {
      lane.session.letGo()
    }
  }
}

async function openLane(sessions: Sessions, signal: AbortSignal): Promise<Lane> {
  const opening = sessions.extraLane()
  try {
    return await orAborted(opening, signal)
  } catch (error) {
    void opening.then((late) => late.giveBack()).catch(() => {})
    throw error
  }
}

interface Asked {
  readonly wish: Wish
  readonly signal: AbortSignal
}

async function stealOn({ session }: Lane, sessions: Sessions, { wish, signal }: Asked): Promise<Token> {
  const { name, namespace, keys } = wish
  let last: Step = { token: null, grace_ends_at: null, steps: 0, granted: null }
  for (;;) {
    signal.throwIfAborted()
    const values = [name, namespace, GRACE_MS, last.token, last.grace_ends_at, last.steps]
    const [step] = await session.query<Step>(STEP, values, 'steal')
    last = step ?? last
    const [grant] = last.granted === null ? [] : readGrants(last.granted)
    if (grant != null) return grant
    await sessions.stuckGuards.look(session, keys.gate)
  }
}

async function describe(failure: unknown, { session }: Lane, name: string): Promise<Error> {
  const cause = asError(failure)
  if (sqlState(cause) === FAILED) return new EvictionFailedError(name, cause)
  if (sqlState(cause) !== FORBIDDEN) return session.describe(cause)
  const text = `select 'grant execute on procedure fencepost.evict, fencepost.steal to ' || quote_ident(current_user) || ';' as sql`
  const [grant] = await session.query<{ sql: string }>(text, [])
  return new MissingPrivilegeError(`the role may not steal lock "${name}"`, grant?.sql ?? '', cause)
}
