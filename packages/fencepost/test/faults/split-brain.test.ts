import { fencepost } from 'fencepost'
import pg from 'pg'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Pair } from '../support/pair.ts'

const { binaries } = inject('server')

describe('FAULTS 6: a standby is promoted while its primary lives', () => {
  test.each(['pg_cancel_backend', 'pg_terminate_backend'])(
    'P3: synchronous, a guarded commit of the old side hangs, and cut off by %s it is reported as not known, never as done',
    async (cutOff) => {
      await using pair = await Pair.start({ binaries, isSynchronous: true })
      const { old, next } = await bothSides(pair)
      const lock = await old.lock('a')
      await pair.promote()
      let isTold = false
      const commit = lock.transaction((tx) => tx.query(`insert into effects values ('old side')`))
      void commit.then(
        () => (isTold = true),
        () => (isTold = true),
      )
      await eventually(() => waitForStandby(pair, 1))
      // Two histories, and a holder in each: what the old one writes is never acknowledged.
      await using granted = await next.lock('a')
      expect(granted.token).toBeGreaterThan(lock.token)
      await granted.transaction((tx) => tx.query(`insert into effects values ('new side')`))
      expect(isTold).toBe(false)

      const told = expect(commit).rejects.toMatchObject({ code: 'COMMIT_UNCERTAIN' })
      await seenBy(pair.primary.url, `select ${cutOff}(pid) from pg_stat_activity where wait_event = 'SyncRep'`)
      await told
      // And it is there, where nobody will look any more.
      expect(await seenBy(pair.primary.url)).toEqual(['old side'])
      expect(await seenBy(pair.standby.url)).toEqual(['new side'])
    },
  )

  test('P3: a COMMIT that the server answers as any other, but for a warning, is reported as not known also to who hears errors only', async () => {
    await using pair = await Pair.start({ binaries, isSynchronous: true })
    const { old } = await bothSides(pair)
    const lock = await old.lock('a')
    await pair.promote()
    const client = new pg.Client(pair.primary.url)
    const warnings: (string | undefined)[] = []
    client.on('notice', ({ code }) => warnings.push(code))
    await client.connect()
    const plain = client.query(`insert into effects values ('plain')`)
    const work = lock.transaction(async (tx) => {
      await tx.query('set client_min_messages = error')
      await tx.query(`insert into effects values ('ours')`)
    })
    const told = expect(work).rejects.toMatchObject({ code: 'COMMIT_UNCERTAIN', cause: { message: /synchronous/ } })
    await eventually(() => waitForStandby(pair, 2))
    await seenBy(pair.primary.url, `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`)
    await told
    expect((await plain).rowCount).toBe(1)
    expect(warnings).toEqual(['01000'])
    await client.end()
  })

  test('asynchronous, a guarded commit of the old side is acknowledged, and lost (docs/failover.md)', async () => {
    await using pair = await Pair.start({ binaries })
    const { old, next } = await bothSides(pair)
    const lock = await old.lock('a')
    await pair.promote()
    await lock.transaction((tx) => tx.query(`insert into effects values ('old side')`))
    await using granted = await next.lock('a')
    expect(granted.token).toBeGreaterThan(lock.token)
    await granted.transaction((tx) => tx.query(`insert into effects values ('new side')`))
    expect(lock.signal.aborted).toBe(false)
    expect(await seenBy(pair.primary.url)).toEqual(['old side'])
    expect(await seenBy(pair.standby.url)).toEqual(['new side'])
  })
})

async function bothSides(pair: Pair) {
  const old = fencepost(pair.primary.url)
  const next = fencepost(pair.standby.url)
  onTestFinished(async () => {
    await Promise.all([old.close(), next.close()])
  })
  await old.migrate()
  await seenBy(pair.primary.url, 'create table effects (who text)')
  const arrived = `select to_regclass('effects')::text as who`
  await eventually(async () => (await seenBy(pair.standby.url, arrived))[0])
  return { old, next }
}

async function waitForStandby({ primary }: Pair, count: number): Promise<boolean> {
  const client = new pg.Client(primary.url)
  await client.connect()
  const { rowCount } = await client.query(`select from pg_stat_activity where wait_event = 'SyncRep'`)
  await client.end()
  return rowCount === count
}

async function seenBy(url: string, text = 'select who from effects'): Promise<string[]> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ who: string }>(text)
  await client.end()
  return rows.map(({ who }) => who)
}
