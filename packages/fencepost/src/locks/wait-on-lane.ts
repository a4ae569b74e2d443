import { orAborted } from '../ground/abort.ts'
import type { Keys } from '../ground/key.ts'
import type { Session } from '../postgres/session.ts'
import { ask } from './ask.ts'
import type { Lane, Sessions } from './sessions.ts'
import type { Ticks, Token } from './ticks.ts'

/** A token that was granted, and the session that holds it; its lane, if that is one, is taken until it is given back. */
export interface Granted {
  readonly session: Session
  readonly ticks: Ticks
  readonly grant: Token
  readonly keys: Keys
  readonly lane: Lane | null
}

/** Waits in the server, slice by slice. Null if no lane is to be had or it broke; rejects with the signal's reason. */
export async function waitOnLane(sessions: Sessions, keys: Keys, signal: AbortSignal): Promise<Granted | null> {
  const lane = await takeLane(sessions, signal)
  if (lane === null) return null
  const { session, ticks } = lane
  let grant: Token | null = null
  session.hold()
  try {
    grant = await wait({ session, ticks, sessions }, keys, signal)
    return grant === null ? null : { session, ticks, grant, keys, lane }
  } finally {
    if (grant === null) lane.giveBack()
    session.letGo()
  }
}

async function takeLane(sessions: Sessions, signal: AbortSignal): Promise<Lane | null> {
  const taking = sessions.takeLane()
  try {
    return await orAborted(taking, signal)
  } catch (error) {
    void taking.then((late) => late?.giveBack()).catch(() => {})
    if (signal.aborted) throw error
    // No connection to spare: then the shared session asks again and again. If that is gone too, it will say so.
    return null
  }
}

async function wait(
  { session, ticks, sessions }: { session: Session; ticks: Ticks; sessions: Sessions },
  keys: Keys,
  signal: AbortSignal,
): Promise<Token | null> {
  let cancelled: Promise<void> | undefined
  const stop = () => {
    cancelled = cancel(session, sessions)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      signal.throwIfAborted()
      const grant = await ask(session, keys)
      if (grant !== null && signal.aborted) await ticks.release(keys.gate ^ BigInt(grant.token), keys.key)
      else if (grant !== null) return grant
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (session.over.aborted) return null
    throw session.describe(error)
  } finally {
    signal.removeEventListener('abort', stop)
    // A cancel still on its way would hit whoever uses the lane next.
    await cancelled
  }
}

/** Ends the statement that runs on a lane. Its answer comes there; if this fails, its slice ends by itself. */
async function cancel(lane: Session, sessions: Sessions): Promise<void> {
  try {
    await sessions.openMain?.session.query('select pg_cancel_backend($1)', [lane.backend])
  } catch {
    // Half a second later than wished.
  }
}
