import { orAborted } from '../ground/abort.ts'
import type { Keys } from '../ground/key.ts'
import type { Mode } from '../ground/mode.ts'
import type { Session } from '../postgres/session.ts'
import type { Lane, Sessions } from '../sessions/sessions.ts'
import type { Token } from '../sessions/ticks.ts'
import { ask } from './ask.ts'

interface Wanted {
  readonly keys: Keys
  readonly mode: Mode
}

/** Waits in the server, slice by slice. Null if no lane is to be had or it broke; rejects with the signal's reason. */
export async function waitOnLane(
  sessions: Sessions,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<{ lane: Lane; grant: Token } | null> {
  const lane = await takeLane(sessions, signal)
  if (lane === null) return null
  let grant: Token | null = null
  lane.session.hold()
  try {
    grant = await wait({ lane, sessions }, wanted, signal)
    return grant === null ? null : { lane, grant }
  } finally {
    if (grant === null) lane.giveBack()
    lane.session.letGo()
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
  { lane, sessions }: { lane: Lane; sessions: Sessions },
  { keys, mode }: Wanted,
  signal: AbortSignal,
): Promise<Token | null> {
  const { session, takers } = lane
  let cancelled: Promise<void> | undefined
  const stop = () => {
    cancelled = cancel(session, sessions)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      signal.throwIfAborted()
      const grant = await ask(session, keys, mode)
      if (grant === 'at the gate') await sessions.stuckGuards.look(session, keys.gate)
      else if (grant !== null && signal.aborted) await takers[mode].release(keys, grant.token)
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
