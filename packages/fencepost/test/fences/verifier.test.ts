import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { fence, fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'

const database = await cloneDatabase()
const { admin } = database
const fp = fencepost(database.url)
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

function requestOf(token: number) {
  return { headers: new Headers({ ...fence.header({ name: 'together', token }) }) }
}

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('FAULTS 1: a holder that was frozen and superseded is refused by a service with 412, whatever it has done before', async () => {
  const done: unknown[] = []
  const verifier = fp.verifier<IncomingMessage>({ resource: 'report' })
  await using service = await serve((request, response) => {
    void verifier.allows(request, response).then((isAllowed) => {
      if (!isAllowed) return
      done.push(request.headers['fencepost-token'])
      response.end('done')
    })
  })
  await using zombie = await Remote.start(database.url, { freezeTimeout: '1s' })
  await using next = await Remote.start(database.url)
  const put = (who: Remote) => who.call<{ status: number; body: string }>('outside', 'http', 'report', service.url)
  const old = await zombie.call<number>('lock', 'report')
  expect(await put(zombie)).toEqual({ status: 200, body: 'done' })
  zombie.freeze()
  const token = await next.call<number>('lock', 'report')
  expect(await put(next)).toEqual({ status: 200, body: 'done' })
  zombie.thaw()
  const { status, body } = await put(zombie)
  expect(status).toBe(412)
  expect(JSON.parse(body)).toMatchObject({
    type: 'urn:fencepost:stale-token',
    status: 412,
    lock: 'report',
    token: old,
    detail: expect.stringContaining(`Token ${token} has been seen`),
  })
  expect(await put(next)).toEqual({ status: 200, body: 'done' })
  expect(done).toEqual([old, token, token].map(String))
})

test('what a request does in the transaction that admitted it is done before a newer token is admitted', async () => {
  await admin.query('create table effects (token bigint)')
  const verifier = fp.verifier()
  const [first, second] = [await admin.connect(), await admin.connect()]
  try {
    await first.query('begin')
    await verifier.admit(first, requestOf(2))
    await second.query('begin')
    const { rows } = await second.query<{ pid: number }>('select pg_backend_pid() as pid')
    const admitted = verifier.admit(second, requestOf(4))
    const waits = 'select from pg_locks where pid = $1 and not granted'
    await eventually(async () => (await admin.query(waits, [rows[0]?.pid])).rowCount)
    await first.query('insert into effects values (2)')
    await first.query('commit')
    await admitted
    expect((await second.query('select token from effects')).rows).toEqual([{ token: '2' }])
    await second.query('commit')
    await first.query('begin')
    await expect(verifier.admit(first, requestOf(2))).rejects.toMatchObject({
      code: 'STALE_TOKEN',
    })
    await first.query('rollback')
  } finally {
    first.release()
    second.release()
  }
})

test('an admission outside a transaction is refused, as nothing would be done together with it', async () => {
  const client = await admin.connect()
  try {
    await expect(fp.verifier().admit(client, requestOf(100))).rejects.toMatchObject({ code: 'NOT_IN_TRANSACTION' })
    await expect(fp.verifier().admit(admin as never, requestOf(100))).rejects.toThrow(TypeError)
    const { rows } = await admin.query(`select token from fencepost.highest_tokens where resource = 'together'`)
    expect(rows).not.toContainEqual({ token: '100' })
  } finally {
    client.release()
  }
})

test.each(['repeatable read', 'serializable'])(
  'at %s a request whose transaction is older than the admission of a newer token is not admitted',
  async (level) => {
    const client = await admin.connect()
    const admit = (token: number) => client.query('select fencepost.admit($1, $2)', [level, token])
    try {
      await client.query(`begin isolation level ${level}; select 1`)
      await admin.query('select fencepost.admit($1, 8)', [level])
      await expect(admit(6)).rejects.toMatchObject({ code: expect.stringMatching(/40001|LK001/) })
      await client.query('rollback')
    } finally {
      client.release()
    }
  },
)

test('a rolled-back admission is forgotten with its effect, an equal token passes, a lower one does not', async () => {
  const admit = (token: number) => admin.query(`select fencepost.admit('a', $1)`, [token])
  await admit(10)
  const client = await admin.connect()
  await client.query(`begin; select fencepost.admit('a', 12); rollback`)
  client.release()
  await admit(10)
  await expect(admit(8)).rejects.toMatchObject({ code: 'LK001', constraint: 'a' })
  await admin.query(`select fencepost.admit('a', 8, 'elsewhere')`)
  for (const [resource, token] of [
    ['a', null],
    [null, 1],
    ['', 1],
    ['a', 0],
  ])
    await expect(admin.query('select fencepost.admit($1, $2)', [resource, token])).rejects.toThrow(/null|constraint/)
})

test('of 200 requests at once with random tokens none is admitted after a higher one', async () => {
  await admin.query('create table admissions (n bigserial, token bigint)')
  const tokens = Array.from({ length: 200 }, () => Math.ceil(Math.random() * 50))
  const admit = async (token: number) => {
    const client = await admin.connect()
    try {
      await client.query('begin')
      await client.query(`select fencepost.admit('crowd', $1)`, [token])
      await client.query('insert into admissions (token) values ($1)', [token])
      await client.query('commit')
    } catch (error) {
      await client.query('rollback')
      expect(error).toMatchObject({ code: 'LK001' })
    } finally {
      client.release()
    }
  }
  await Promise.all(tokens.map(admit))
  const { rows } = await admin.query<{ token: string }>('select token from admissions order by n')
  const order = rows.map(({ token }) => Number(token))
  expect(order).toEqual(order.toSorted((one, other) => one - other))
  expect(order.at(-1)).toBe(Math.max(...tokens))
})

test('fetch handlers get a Response or null: 428 without headers, 400 for rubbish, 412 for another lock', async () => {
  const verifier = fp.verifier<Request>({ resource: ({ url }) => `account:${new URL(url).pathname.slice(1)}` })
  const refusal = async (headers: Record<string, string>) => {
    const refused = await verifier.refusal(new Request('http://service/7', { method: 'PUT', headers }))
    return refused && { status: refused.status, type: ((await refused.json()) as { type: string }).type }
  }
  expect(await refusal({ ...fence.header({ name: 'account:7', token: 2 }) })).toBeNull()
  expect(await refusal({})).toEqual({ status: 428, type: 'urn:fencepost:missing-fence' })
  expect(await refusal({ ...fence.header({ name: 'account:8', token: 4 }) })).toEqual({
    status: 412,
    type: 'urn:fencepost:other-lock',
  })
  const sound = { 'fencepost-name': '"account:7"', 'fencepost-token': '4' }
  for (const odd of [
    { 'fencepost-name': 'account:7' },
    { 'fencepost-name': '"account:7", "account:7"' },
    { 'fencepost-name': '"account%3"' },
    { 'fencepost-name': '""' },
    { 'fencepost-name': '"a%00"' },
    { 'fencepost-name': '"%ff"' },
    { 'fencepost-token': '4, 4' },
    { 'fencepost-token': '-4' },
    { 'fencepost-token': '4.5' },
    { 'fencepost-token': '9007199254740993' },
  ])
    expect(await refusal({ ...sound, ...odd })).toEqual({ status: 400, type: 'urn:fencepost:malformed-fence' })
  expect(await refusal({ 'fencepost-token': '4' })).toMatchObject({ status: 400 })
})

test('connect middleware calls next for what is admitted, answers what is refused, and hands on what failed', async () => {
  const verifier = fp.verifier()
  await using broken = fencepost('postgres://nobody@127.0.0.1:1/none')
  const closed = broken.verifier()
  await using service = await serve((request, response) => {
    const { middleware } = request.url === '/broken' ? closed : verifier
    void middleware(request, response, (error?: unknown) => {
      response.writeHead(error === undefined ? 200 : 503).end((error as { code?: string } | undefined)?.code ?? 'done')
    })
  })
  const put = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`${service.url}${path}`, { method: 'PUT', headers })
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  const headers = { ...fence.header({ name: 'middle', token: 2 }) }
  expect(await put('', headers)).toEqual([200, null, 'done'])
  expect(await put('', {})).toEqual([428, 'application/problem+json', expect.stringContaining('missing-fence')])
  expect(await put('broken', headers)).toEqual([503, null, 'DATABASE_UNREACHABLE'])
})

test('any name survives the way through the headers, and the headers are printable ASCII', async () => {
  const verifier = fp.verifier()
  const names = ['plain', 'account:42/ß', '"quoted\\"', '100 %', ' space ', '𝄞\n\t', `'; drop`, 'x'.repeat(1024)]
  for (const name of names) {
    const headers = { ...fence.header({ name, token: 2 }) }
    expect(Object.values(headers).join('')).toMatch(/^[\x20-\x7e]+$/)
    expect(await verifier.refusal({ headers: new Headers(headers) })).toBeNull()
  }
  const { rows } = await admin.query<{ resource: string }>(
    'select resource from fencepost.highest_tokens where resource = any($1)',
    [names],
  )
  expect(rows.map(({ resource }) => resource).toSorted()).toEqual(names.toSorted())
  const released = await fp.lock('released')
  await released.release()
  expect(() => fence.header(released)).toThrow(/has been released/)
})

test('tokens of resources that nobody has written for 30 days are forgotten, some at a time; others are not', async () => {
  await admin.query(`
    insert into fencepost.highest_tokens (namespace, resource, token, seen_on)
    select 'old', n::text, 2, current_date - 31 from generate_series(1, 30) as n`)
  await admin.query(`select fencepost.admit('1', 4, 'old')`)
  const forgotten: number[] = []
  for (let i = 0; i < 4; i++) {
    const { rows } = await admin.query<{ forgotten: number }>('select fencepost.forget_tokens(10) as forgotten')
    forgotten.push(rows[0]?.forgotten ?? 0)
  }
  expect(forgotten).toEqual([10, 10, 9, 0])
  await expect(admin.query(`select fencepost.admit('1', 2, 'old')`)).rejects.toMatchObject({ code: 'LK001' })
})

test('a verifier forgets old tokens by itself', async () => {
  await admin.query(`insert into fencepost.highest_tokens values ('old', 'alone', 2, current_date - 31)`)
  const refused = await fp.verifier().refusal({ headers: new Headers({ ...fence.header({ name: 'new', token: 2 }) }) })
  expect(refused).toBeNull()
  expect((await admin.query(`select from fencepost.highest_tokens where resource = 'alone'`)).rowCount).toBe(0)
})
