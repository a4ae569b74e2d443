import { fencepost, type Transaction } from 'fencepost'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
beforeAll(async () => {
  await database.admin.query(`
    create table payouts (invoice integer, process integer);
    create table doctors (name text primary key, on_call boolean);
    create table rows (id integer primary key, n integer not null default 0);
    insert into rows values (1), (2);
    create function give_up(state text) returns integer language plpgsql as
      'begin raise exception ''given up'' using errcode = state; end'`)
})
afterAll(() => database[Symbol.asyncDispose]())

const LEVELS = ['read committed', 'repeatable read', 'serializable'] as const
const never = () => Promise.reject(new Error('it ran'))
const PROCESSES = 3
const INVOICES = 20

test.each(LEVELS)('P3: %s: of processes that pay the same invoices at once, one pays each (H2)', async (isolation) => {
  await database.admin.query('truncate payouts')
  const processes = await Promise.all(Array.from({ length: PROCESSES }, () => Remote.start(database.url)))
  try {
    // All of them are connected before the first one pays.
    await Promise.all(processes.map((process) => process.call('turn', 'warm')))
    await Promise.all(processes.map((process) => process.call('pay', 'invoices', { isolation }, INVOICES)))
  } finally {
    await Promise.all(processes.map((process) => process.kill()))
  }
  const { rows } = await database.admin.query(
    'select count(*)::integer as paid, count(distinct invoice)::integer as invoices from payouts',
  )
  expect(rows).toEqual([{ paid: INVOICES, invoices: INVOICES }])
})

test('FAULTS 1, P3: a process frozen in its transaction cannot commit it after others went on', async () => {
  await database.admin.query('truncate payouts')
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using fp = fencepost(database.url)
  const blocked = zombie
    .call('payAndBlock', 'frozen', 1, 4000)
    .catch((error: { code: string; message: string }) => `${error.code} ${error.message}`)
  await eventually(async () => (await fp.who('frozen')).length === 1)
  await fp.transaction('frozen', (tx) => tx.query('insert into payouts values (2)'))
  expect(await blocked).toMatch(/STALE_TOKEN|LOST|terminat/)
  expect((await database.admin.query('select invoice from payouts')).rows).toEqual([{ invoice: 2 }])
})

test('a write skew is given up by the server, tried again and committed', async () => {
  await using fp = fencepost(database.url)
  await database.admin.query(`insert into doctors values ('ann', true), ('bob', true)`)
  const tries: string[] = []
  const waiting: (() => void)[] = []
  const leave = (name: string) =>
    fp.transaction(name, { isolation: 'serializable' }, async (tx, { attempt }) => {
      tries.push(name)
      const { rows } = await tx.query('select from doctors where on_call')
      if (attempt === 1) await meet(waiting, 2)
      if (rows.length > 1) await tx.query('update doctors set on_call = false where name = $1', [name])
    })
  await Promise.all([leave('ann'), leave('bob')])
  expect((await database.admin.query('select from doctors where on_call')).rowCount).toBe(1)
  expect(tries).toHaveLength(3)
})

test('a deadlock between rows is given up by the server, tried again and committed', async () => {
  await using fp = fencepost(database.url)
  const waiting: (() => void)[] = []
  const both = (name: string, ids: readonly number[]) =>
    fp.transaction(name, async (tx, { attempt }) => {
      await tx.query('update rows set n = n + 1 where id = $1', [ids[0]])
      if (attempt === 1) await meet(waiting, 2)
      await tx.query('update rows set n = n + 1 where id = $1', [ids[1]])
    })
  await Promise.all([both('one', [1, 2]), both('other', [2, 1])])
  expect((await database.admin.query('select n from rows')).rows).toEqual([{ n: 2 }, { n: 2 }])
})

test.each(['40001', '40P01'])(
  'what is given up with %s again and again is tried so often and no more',
  async (state) => {
    await using fp = fencepost(database.url)
    await using others = fencepost(database.url)
    for (const [options, tries] of [
      [{}, 5],
      [{ attempts: 2 }, 2],
      [{ attempts: 1 }, 1],
    ] as const) {
      const seen: number[] = []
      const tokens = new Set<number | undefined>()
      const work = fp.transaction(['retried', 'too'], options, async (tx, { attempt, locks, signal }) => {
        seen.push(attempt)
        tokens.add(locks.locks[0]?.token)
        expect([signal.aborted, locks.names.toSorted()]).toEqual([false, ['retried', 'too']])
        expect(await others.tryLock('retried')).toBeNull()
        await tx.query('select give_up($1)', [state])
      })
      await expect(work).rejects.toMatchObject({ code: state })
      expect(seen).toEqual(Array.from({ length: tries }, (_, i) => i + 1))
      expect(tokens.size).toBe(1)
      expect(await fp.who('retried')).toEqual([])
    }
  },
)

test('an error of the work is not tried again, nor what the lock is lost by, nor a commit that nobody knows of', async () => {
  await using fp = fencepost(database.url)
  await database.admin.query(`
    create table slow (n integer);
    create function dawdle() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; end';
    create constraint trigger dawdle after insert on slow deferrable initially deferred for each row execute function dawdle()`)
  let tries = 0
  const attempt = (work: (tx: Transaction) => Promise<unknown>) =>
    fp.transaction('never', async (tx) => {
      tries++
      await work(tx)
    })
  await expect(attempt(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  await expect(attempt((tx) => tx.query(`select give_up('P0001')`))).rejects.toMatchObject({ code: 'P0001' })
  const lost = attempt(async () => {
    await database.admin.query(`select pg_terminate_backend(backend) from fencepost.who('never')`)
    await eventually(async () => (await database.admin.query(`select from fencepost.who('never')`)).rowCount === 0)
  })
  await expect(lost).rejects.toMatchObject({ code: 'STALE_TOKEN' })
  const uncertain = expect(attempt((tx) => tx.query('insert into slow values (1)'))).rejects.toMatchObject({
    code: 'COMMIT_UNCERTAIN',
  })
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await eventually(async () => (await database.admin.query(terminate)).rowCount)
  await uncertain
  expect(tries).toBe(4)
})

test('P6: whoever waits for its locks has no transaction open, and not even a connection of the pool', async () => {
  const pool = new pg.Pool({ connectionString: database.url, application_name: 'the pool' })
  await using fp = fencepost(pool)
  await using others = fencepost(database.url)
  const held = await others.lock('wanted')
  const told = new Promise((resolve) => {
    void fp.transaction('wanted', { onWait: resolve }, (tx) => tx.query('select 1')).then(() => pool.end())
  })
  await told
  expect(pool.totalCount).toBe(0)
  await held.release()
  await eventually(async () => pool.ended)
})

test('waiting ends with the time given or the signal, and so does another attempt', async () => {
  await using fp = fencepost(database.url)
  await using others = fencepost(database.url)
  await using _ = await others.lock('kept')
  await expect(fp.transaction('kept', { wait: '20ms' }, never)).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  const giveUp = new AbortController()
  const waiting = fp.transaction(
    'kept',
    { signal: giveUp.signal, onWait: () => giveUp.abort(new Error('mine')) },
    never,
  )
  await expect(waiting).rejects.toThrow('mine')

  const between = new AbortController()
  let tries = 0
  const stopped = fp.transaction('free', { signal: between.signal }, async (tx) => {
    tries++
    between.abort(new Error('enough'))
    await tx.query(`select give_up('40001')`)
  })
  await expect(stopped).rejects.toThrow('enough')
  expect(tries).toBe(1)
})

test('P7: what cannot be right is a TypeError, before anything is sent', async () => {
  await using fp = fencepost('postgres://127.0.0.1:1/none')
  for (const call of [
    fp.transaction('', never),
    fp.transaction([], never),
    fp.transaction('a', undefined as never),
    fp.transaction('a', { attempts: 0 }, never),
    fp.transaction('a', { attempts: 1.5 }, never),
    fp.transaction('a', { isolation: 'snapshot' as never }, never),
    fp.transaction('a', { shared: true } as object, never),
  ]) {
    await expect(call).rejects.toThrow(TypeError)
  }
})

/** Goes on when so many have come. */
async function meet(waiting: (() => void)[], count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    waiting.push(resolve)
    if (waiting.length === count) for (const goOn of waiting) goOn()
  })
}
