import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { createEffects } from './effects.ts'

const LIVES = 24
const AT_ONCE = 3
const KEYS = 400
const FREEZE = '1s'

const database = await cloneDatabase()
await createEffects(database.admin)
afterAll(() => database[Symbol.asyncDispose]())

interface Outcome {
  readonly key: string
  readonly state: string
  readonly attempt: number
  readonly effects: number
  readonly idempotency_keys: number
}

test(`once: of ${LIVES} processes that are killed, cut off or frozen at random, no key has two effects, and none has an effect that is neither done nor flagged`, async () => {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => liveAndDie(place, LIVES / AT_ONCE)))

  const outcomes = await readOutcomes()
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ attempt: 1, idempotency_keys: expect.toBeOneOf([0, 1]) })
  expect(outcomes.filter(({ effects }) => effects > 1)).toEqual([])
  expect(outcomes.filter(({ state, effects }) => state === 'done' && effects !== 1)).toEqual([])
  expect(outcomes.filter(({ state }) => state !== 'done' && state !== 'uncertain')).toEqual([])
  const uncertain = outcomes.filter(({ state }) => state === 'uncertain')
  const done = uncertain.filter(({ effects }) => effects === 1).length
  console.log(
    `${outcomes.length} keys, ${uncertain.length} of them uncertain: ${done} done, ${uncertain.length - done} not`,
  )
  expect(uncertain).not.toEqual([])

  await using fp = fencepost(database.url)
  expect((await fp.reconcile()).map(({ key }) => key).toSorted()).toEqual(uncertain.map(({ key }) => key).toSorted())
})

/** One process after the other: each is killed, frozen for longer than its locks last, or loses its connections. */
async function liveAndDie(place: number, lives: number): Promise<void> {
  for (let life = 0; life < lives; life++) {
    await using remote = await Remote.start(database.url, { freezeTimeout: FREEZE, application: `once ${place}` })
    const dying = remote.call('onceUntilKilled', KEYS).catch(() => {})
    await eventually(async () => (await ownEffects(remote.pid)) > 3)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100))
    const how = life % 3
    if (how === 0) await remote.kill()
    if (how === 1) {
      remote.freeze()
      await eventually(async () => (await sessionsOf(remote.pid)) === 0)
      remote.thaw()
    }
    if (how === 2) {
      const text = `select pg_terminate_backend(backend, 5000) from fencepost.sessions where process = $1`
      await database.admin.query(text, [remote.pid])
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    await remote.kill()
    await dying
  }
}

async function ownEffects(process: number): Promise<number> {
  return (await database.admin.query('select from effects where process = $1', [process])).rowCount ?? 0
}

/** Those that live. */
async function sessionsOf(process: number): Promise<number> {
  const text = 'select from fencepost.sessions where process = $1 and fencepost.is_alive(session)'
  return (await database.admin.query(text, [process])).rowCount ?? 0
}

/** Every key that has a record, an effect or both. */
async function readOutcomes(): Promise<Outcome[]> {
  const { rows } = await database.admin.query<Outcome>(
    `select key, once.state, once.attempt, coalesce(seen.effects, 0) as effects, coalesce(seen.idempotency_keys, 0) as idempotency_keys
    from fencepost.once full join (
      select key, count(*)::integer as effects, count(distinct idempotency_key)::integer as idempotency_keys
      from effects group by key
    ) as seen using (key)`,
  )
  return rows
}
