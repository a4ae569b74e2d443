import { fencepost } from 'fencepost'
import pg from 'pg'
import { expect, test } from 'vitest'
import { ownServer } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { untilWatching } from '../support/waiters.ts'

test.each([
  ['commit prepared', ['prepared']],
  ['rollback prepared', []],
])(
  'FAULTS 4, P2, P3: a guarded transaction that was prepared keeps the next holder waiting over a crash, until %s (H4)',
  async (end, effects) => {
    await using server = await ownServer({ max_prepared_transactions: '2' })
    const admin = new pg.Pool({ connectionString: server.url })
    admin.on('error', () => {})
    await admin.query('create table effects (who text)')
    await using old = fencepost(server.url)
    const lock = await old.lock('a')
    const client = new pg.Client(server.url)
    client.on('error', () => {})
    await client.connect()
    await client.query('begin')
    await client.query(`insert into effects values ('prepared')`)
    await lock.guard(client)
    await client.query(`prepare transaction 'guarded'`)
    await server.restart('crash')
    await eventually(async () => lock.signal.aborted)

    await using fp = fencepost(server.url, { application: 'next' })
    expect(await fp.tryLock('a')).toBeNull()
    const waiting = fp.lock('a')
    await untilWatching(admin, 'next')
    await expect(fp.lock('a', { wait: '1s' })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await admin.query(`${end} 'guarded'`)
    await using next = await waiting
    expect(next.token).toBeGreaterThan(lock.token)
    const seen = await next.transaction((tx) => tx.query<{ who: string }>('select who from effects'))
    expect(seen.rows.map(({ who }) => who)).toEqual(effects)
    await admin.end()
  },
)
