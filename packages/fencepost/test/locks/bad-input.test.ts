import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fencepost } from 'fencepost'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'

const database = await cloneDatabase()
afterAll(() => database[Symbol.asyncDispose]())

const nothingIsHeld = async () => {
  const { rows } = await database.admin.query(
    `select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  )
  expect(rows).toEqual([])
}

const NAMES: [why: string, name: unknown, says: RegExp][] = [
  ['empty', '', /must not be empty/],
  ['longer than 1 kB', 'ż'.repeat(513), /longer than 1024 bytes; got 1026/],
  ['with NUL', 'a\0b', /must not contain NUL/],
  ['with a lone surrogate', 'a\ud800b', /lone surrogate/],
  ['a number', 42, /must be a string; got number/],
  ['missing', undefined, /must be a string; got undefined/],
]

test.each(NAMES)('P7: a name that is %s is a TypeError, before anything is sent', async (_, name, says) => {
  await using fp = fencepost(database.url)
  for (const call of [fp.lock(name as string), fp.tryLock(name as string), fp.who(name as string)]) {
    await expect(call).rejects.toThrow(TypeError)
    await expect(call).rejects.toThrow(says)
  }
  await nothingIsHeld()
})

test('P7: a name of 1024 bytes, with quotes, backslashes and any script, is locked and guarded as it is', async () => {
  await using fp = fencepost(database.url)
  for (const name of ['ż'.repeat(512), `'; drop table x; --`, '\\', '$1', ' ', 'fencepost.locks', '🔒'] as const) {
    await using lock = await fp.lock(name)
    await lock.transaction(async () => {})
    expect(await fp.who(name)).toHaveLength(1)
  }
})

test('P7: an option that does not exist is a TypeError that lists those that do', async () => {
  await using fp = fencepost(database.url)
  await expect(fp.lock('a', { timeout: '5s' } as object)).rejects.toThrow(
    /unknown option 'timeout'; there are 'wait', 'signal', 'shared', 'onWait'/,
  )
  await expect(fp.tryLock('a', { wait: '5s' } as object)).rejects.toThrow(/unknown option 'wait'/)
  await expect(fp.lock('a', 5 as unknown as object)).rejects.toThrow(/options must be an object/)
  await expect(fp.lock('a', { signal: {} as AbortSignal })).rejects.toThrow(/must be an AbortSignal/)
  for (const options of [
    { freezeTimeout: '1ms' },
    { freezeTimeout: 60 },
    { schema: 'A b' },
    { schema: 'pg_x' },
    { namespace: 'a:b' },
    { migrate: true },
    { ttl: '5s' },
  ]) {
    expect(() => fencepost(database.url, options as object)).toThrow(TypeError)
  }
})

test('P7: a signal that is aborted already is thrown, and nothing is sent', async () => {
  await using fp = fencepost('postgres://127.0.0.1:1/none')
  const signal = AbortSignal.abort(new Error('before'))
  await expect(fp.lock('a', { signal })).rejects.toThrow('before')
  await expect(fp.tryLock('a', { signal })).rejects.toThrow('before')
})

test.each([
  ['undefined', undefined, /is the environment variable set/],
  ['null', null, /needs a postgres:/],
  ['an empty text', '', /is the environment variable set/],
  ['another URL', 'mysql://me:secret@host/db', /must begin with postgres:/],
  ['a number', 42, /got 42/],
  ['a URL that cannot be parsed', 'postgres://me:secret@host:port/db', /cannot be parsed/],
  ['a config with such a URL', { connectionString: 'postgres://me:secret@host:port/db' }, /cannot be parsed/],
  ['a list', ['postgres://me:secret@host/db'], /class Array/],
  ['a client', new Client('postgres://me:secret@host/db'), /class Client/],
])('P7: a target that is %s is a TypeError that shows no password', (_, target, says) => {
  const made = () => fencepost(target as string)
  expect(made).toThrow(TypeError)
  expect(made).toThrow(says)
  expect(made).not.toThrow(/secret/)
})

test('P7: an unreachable server is a DatabaseUnreachableError that names the place and not the password', async () => {
  await using fp = fencepost('postgres://me:secret@127.0.0.1:1/shop')
  const failed = await fp.lock('a').catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'DATABASE_UNREACHABLE', cause: { code: 'ECONNREFUSED' } })
  expect(String(failed)).toMatch(/127\.0\.0\.1:1\/shop/)
  expect(String(failed)).not.toMatch(/secret/)
  await expect(fp.tryLock('a')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
})

test('P7: a database that does not exist and a server without a free connection are a DatabaseUnreachableError', async () => {
  await using missing = fencepost(database.url.replace(database.name, 'no_such_database'))
  await expect(missing.lock('a')).rejects.toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    message: expect.stringContaining('no_such_database'),
  })
  await database.admin.query(
    `alter database ${database.name} connection limit 0; create role crowded login password 'x'`,
  )
  await using crowded = fencepost(database.as('crowded', 'x'))
  await expect(crowded.lock('a')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await database.admin.query(`alter database ${database.name} connection limit -1; drop role crowded`)
})

test('P7: a wrong password is an AuthenticationError', async () => {
  await using fp = fencepost(database.as('postgres', 'wrong'))
  const failed = await fp.tryLock('a').catch((error: unknown) => error)
  expect(failed).toMatchObject({
    code: 'AUTHENTICATION_FAILED',
    message: expect.stringMatching(/check the user and the password/),
  })
  expect(String(failed)).not.toMatch(/wrong/)
})

test('P7: guard() of a pool is a TypeError: its queries may run anywhere', async () => {
  await using fp = fencepost(database.url)
  await using lock = await fp.lock('a')
  await expect(lock.guard(database.admin as unknown as Client)).rejects.toThrow(/it got a pool/)
})

test.each([
  [
    'unreachable',
    `postgres://127.0.0.1:1/none`,
    'await fp.lock("a").catch((e) => console.log(e.code))',
    'DATABASE_UNREACHABLE',
  ],
  ['idle after a lock', database.url, 'const l = await fp.lock("a"); await l.release(); console.log("done")', 'done'],
  [
    'timed out',
    database.url,
    'const l = await fp.lock("a"); const other = fencepost(process.argv[1]); await other.lock("a", { wait: "50ms" }).catch((e) => console.log(e.code)); await l.release()',
    'LOCK_TIMEOUT',
  ],
  [
    'used for a transaction',
    database.url,
    'await fp.lock("a", (l) => l.transaction((tx) => tx.query("select 1"))); console.log("done")',
    'done',
  ],
  [
    'waiting in vain',
    database.url,
    'const l = await fp.lock("kept"); const other = fencepost(process.argv[1]); setTimeout(() => l.release(), 1500).unref(); const got = await other.lock("kept"); console.log("granted"); await got.release()',
    'granted',
  ],
])('P7: a process whose fencepost is %s ends by itself, without close()', async (_, url, script, says) => {
  const code = `import { fencepost } from 'fencepost'; const fp = fencepost(process.argv[1]); ${script}; const end = performance.now(); process.on('exit', () => console.log(performance.now() - end < 5000))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, url], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = child.stdout.toArray()
  const [exitCode] = await once(child, 'exit')
  expect(exitCode).toBe(0)
  expect(
    Buffer.concat(await output)
      .toString()
      .trim()
      .split('\n'),
  ).toEqual([says, 'true'])
})
