import { fencepost, key, LockLostError, type Term, TermResignedError } from 'fencepost'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase, type Database } from '../support/database.ts'
import { deferred } from '../support/deferred.ts'
import { eventually } from '../support/eventually.ts'

let database: Database
let one: ReturnType<typeof fencepost>
let two: ReturnType<typeof fencepost>

beforeAll(async () => {
  database = await cloneDatabase()
  one = fencepost(database.url, { application: 'one' })
  two = fencepost(database.url, { application: 'two' })
})

afterAll(async () => {
  await one.close()
  await two.close()
  await database[Symbol.asyncDispose]()
})

/** Ends with the term. */
async function untilOver({ signal }: Term): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

test('one leads, and what its function returns ends the term: the next in line leads, under a larger term', async () => {
  const [led, done] = [deferred<Term>(), deferred<string>()]
  const stoodBy = deferred<string | null>()
  const first = one.lead('a', async (term) => {
    led.resolve(term)
    return await done.promise
  })
  const { term } = await led.promise
  const second = two.lead('a', ({ term: next }) => next, {
    onStandby: (leader) => stoodBy.resolve(leader?.application ?? null),
  })
  expect(await stoodBy.promise).toBe('one')
  done.resolve('done')
  expect(await first).toBe('done')
  expect(await second).toBeGreaterThan(term)
})

test('of the key of another program one leads while that does not hold it', async () => {
  const other = await database.admin.connect()
  await other.query('select pg_advisory_lock(4711)')
  const stoodBy = deferred<unknown>()
  const led = one.lead(
    key.int8(4711),
    async ({ name }) => [name, (await other.query('select pg_try_advisory_xact_lock(4711) as free')).rows[0].free],
    { onStandby: (leader) => stoodBy.resolve(leader) },
  )
  expect(await stoodBy.promise).toMatchObject({ token: null })
  for await (const leader of two.observe(key.int8(4711))) {
    expect(leader).toMatchObject({ term: null })
    break
  }
  await other.query('select pg_advisory_unlock(4711)')
  expect(await led).toEqual(['foreign:int8:4711', false])
  other.release()
})

test('what the function throws while its term lasts ends the election for it, and the next leads', async () => {
  const failed = one.lead('b', () => Promise.reject(new Error('out of order')))
  await expect(failed).rejects.toThrow('out of order')
  expect(await two.lead('b', () => 'leads')).toBe('leads')
})

test('P3, P5: a leader whose connection is over is told, its writes are refused, and it stands by again', async () => {
  await database.admin.query('create table written (term bigint)')
  const terms: Term[] = []
  const ended = deferred<unknown>()
  const lead = one.lead(
    'c',
    async (term) => {
      terms.push(term)
      if (terms.length > 1) return 'again'
      await database.admin.query(
        `select pg_terminate_backend(backend, 5000) from fencepost.sessions where application = 'one'`,
      )
      await untilOver(term)
      const { transaction } = term
      return await transaction((tx) => tx.query(`insert into written values (${term.term})`))
    },
    { onEnd: ended.resolve },
  )
  expect(await lead).toBe('again')
  expect(await ended.promise).toMatchObject({
    term: terms[0]?.term,
    cause: expect.any(LockLostError),
    error: { code: 'STALE_TOKEN' },
  })
  expect(terms[1]?.term).toBeGreaterThan(terms[0]?.term ?? 0)
  expect((await database.admin.query('select from written')).rowCount).toBe(0)
})

test('P3: the guard of a term lets a transaction of another client commit, and refuses it once the term is over', async () => {
  const client = await database.admin.connect()
  await client.query('create table guarded (term bigint)')
  const write = async ({ term, guard }: Term) => {
    await client.query(`begin; insert into guarded values (${term})`)
    try {
      await guard(client)
    } finally {
      await client.query('commit')
    }
  }
  const refused = deferred<unknown>()
  let terms = 0
  await one.lead(
    'i',
    async (term) => {
      if (++terms > 1) return
      await write(term)
      await client.query(`select pg_terminate_backend(backend, 5000) from fencepost.who('i')`)
      await untilOver(term)
      await two.lead('i', write)
      await write(term)
    },
    { onEnd: ({ error }) => refused.resolve(error) },
  )
  expect(await refused.promise).toMatchObject({ code: 'STALE_TOKEN' })
  expect((await client.query('select from guarded')).rowCount).toBe(2)
  client.release()
})

test('P5: an instance that is closed ends its term, and the standby leads when the function is done', async () => {
  const leaving = fencepost(database.url, { application: 'leaving' })
  const [led, stands] = [deferred(), deferred()]
  const first = leaving.lead('j', async (term) => {
    led.resolve()
    await untilOver(term)
    return 'put away'
  })
  await led.promise
  const second = two.lead('j', () => 'next', { onStandby: () => stands.resolve() })
  await stands.promise
  await leaving.close()
  expect([await first, await second]).toEqual(['put away', 'next'])
})

test('who resigns stands by behind those in line', async () => {
  const order: string[] = []
  const [led, waiting, stop] = [deferred<Term>(), deferred(), new AbortController()]
  const causes: Error[] = []
  const serve = (who: string) => async (term: Term) => {
    order.push(who)
    led.resolve(term)
    if (order.length === 3) stop.abort()
    await untilOver(term)
  }
  const options = { signal: stop.signal, onEnd: ({ cause }: { cause: Error }) => void causes.push(cause) }
  const first = one.lead('d', serve('one'), options)
  const term = await led.promise
  const second = two.lead('d', async (next) => await serve('two')(next).finally(() => {}), {
    ...options,
    onStandby: () => waiting.resolve(),
  })
  await waiting.promise
  term.resign()
  await eventually(async () => order.length === 2)
  await database.admin.query(
    `select pg_terminate_backend(backend, 5000) from fencepost.sessions where application = 'two'`,
  )
  await Promise.all([first, second])
  expect(order.slice(0, 3)).toEqual(['one', 'two', 'one'])
  expect(causes[0]).toBeInstanceOf(TermResignedError)
})

test('the signal ends waiting and leading alike, without an error, and hands over at once', async () => {
  const [leaving, waiting] = [new AbortController(), new AbortController()]
  const [led, stands] = [deferred<Term>(), deferred()]
  const first = one.lead(
    'e',
    async (term) => {
      led.resolve(term)
      await untilOver(term)
      term.signal.throwIfAborted()
    },
    { signal: leaving.signal },
  )
  await led.promise
  const second = two.lead('e', () => 'never', { signal: waiting.signal, onStandby: () => stands.resolve() })
  await stands.promise
  waiting.abort()
  expect(await second).toBeUndefined()
  const third = two.lead('e', () => 'next')
  leaving.abort()
  expect(await first).toBeUndefined()
  expect(await third).toBe('next')
})

test('what goes wrong while a leader is stopped is thrown', async () => {
  const stop = new AbortController()
  const lead = one
    .lead(
      'f',
      async (term) => {
        stop.abort()
        await untilOver(term)
        throw new Error('could not put it away')
      },
      { signal: stop.signal },
    )
    .catch((error: unknown) => error)
  expect(await lead).toMatchObject({ message: 'could not put it away' })
})

test('observe tells the leader, that there is none, and the next one', async () => {
  const seen: (string | null)[] = []
  const stop = new AbortController()
  const [enough, isSeen] = [deferred(), deferred()]
  const watching = (async () => {
    for await (const leader of two.observe('g', { signal: stop.signal })) {
      seen.push(leader?.application ?? null)
      if (seen.length === 1) isSeen.resolve()
      if (leader !== null) enough.resolve()
    }
  })()
  await isSeen.promise
  const over = deferred()
  const lead = one.lead('g', () => over.promise)
  await enough.promise
  over.resolve()
  await lead
  await eventually(async () => seen.length === 3)
  stop.abort()
  await watching
  expect(seen).toEqual([null, 'one', null])
})

test('a leader that would wait for itself is told, and so is one that waits in a ring', async () => {
  const DEADLOCK = { code: 'DEADLOCK' }
  await one.lead('itself', async () => {
    await expect(one.lead('itself', () => {})).rejects.toMatchObject(DEADLOCK)
    await expect(one.lock('itself')).rejects.toMatchObject(DEADLOCK)
  })
  const [leads, locks] = [deferred(), deferred()]
  const ring = await Promise.allSettled([
    one.lead('ring a', async () => {
      leads.resolve()
      await locks.promise
      await one.lock('ring b', () => {})
    }),
    two.lock('ring b', async () => {
      locks.resolve()
      await leads.promise
      await two.lead('ring a', () => {})
    }),
  ])
  expect(ring.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: DEADLOCK }])
})

test('wrong arguments are refused before anything is sent', async () => {
  await expect(one.lead('', () => {})).rejects.toThrow(TypeError)
  await expect(one.lead('h', undefined as never)).rejects.toThrow(/needs a function/)
  await expect(one.lead('h', () => {}, { wait: '1s' } as never)).rejects.toThrow(/unknown option 'wait'/)
  await expect(one.lead('h', () => {}, { signal: {} as AbortSignal })).rejects.toThrow(/AbortSignal/)
  expect(() => one.observe('')).toThrow(TypeError)
  const closed = fencepost(database.url)
  await closed.close()
  await expect(closed.observe('h').next()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(() => one.observe('h', { sgnal: AbortSignal.abort() } as never)).toThrow(/unknown option 'sgnal'/)
  expect(() => one.observe('h', { signal: {} as AbortSignal })).toThrow(/AbortSignal/)
})
