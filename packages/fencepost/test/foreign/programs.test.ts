import { fencepost, key, type ForeignKey } from 'fencepost'
import { afterAll, describe, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { A_GO, A_PSQL, A_PYTHON, A_RUBY, OtherProgram } from '../support/other-program.ts'
import { untilInLine, untilWatching } from '../support/waiters.ts'

const database = await cloneDatabase()
const fp = fencepost(database.url, { application: 'ours' })
afterAll(async () => {
  await fp.close()
  await database[Symbol.asyncDispose]()
})

const FORMS: [form: string, key: ForeignKey][] = [
  ['one of 64 bits', key.rails(database.name)],
  ['a pair of 32', key.withAdvisoryLock('nightly-report')],
]

describe.each([A_PSQL, A_PYTHON, A_RUBY, A_GO])('$name', (language) => {
  describe.skipIf(language.command === undefined).each(FORMS)('by a key, %s,', (_, foreign) => {
    const numbers = foreign.int4 ?? [foreign.int8 ?? 0n]

    test('is kept out while we hold it, and let in afterwards', async () => {
      await using program = new OtherProgram(language, database.url)
      const lock = await fp.lock(foreign)
      expect(await program.call('pg_try_advisory_lock', ...numbers)).toBe(false)
      const granted = program.call('pg_advisory_lock', ...numbers)
      await untilWatching(database.admin, 'program')
      await lock.release()
      expect(await granted).toBe(true)
    })

    test('keeps us out while it holds it, and lets us in when it lets go or is killed with SIGKILL', async () => {
      await using program = new OtherProgram(language, database.url)
      for (const end of ['unlock', 'kill'] as const) {
        await program.call('pg_advisory_lock', ...numbers)
        expect(await fp.tryLock(foreign)).toBeNull()
        expect(await fp.who(foreign)).toMatchObject([{ application: 'program', token: null }])
        const waiting = fp.lock(foreign, { wait: '60s' })
        await untilInLine(database.admin, foreign.name, 1)
        if (end === 'kill') await program.kill()
        else await program.call('pg_advisory_unlock', ...numbers)
        await using lock = await waiting
        expect(lock.token).toBeGreaterThan(0)
      }
    })
  })
})

test.for([
  { language: A_RUBY, name: 'rails', foreign: key.rails(database.name) },
  { language: A_RUBY, name: 'report', foreign: key.withAdvisoryLock('nightly-report') },
  { language: A_GO, name: 'migrate', foreign: key.golangMigrate(database.name) },
  { language: A_GO, name: 'goose', foreign: key.goose() },
])(
  '$language.name works out the key of $name by itself, and locks the same',
  async ({ language, name, foreign }, { skip }) => {
    if (language.command === undefined) return skip()
    await using program = new OtherProgram(language, database.url)
    await using lock = await fp.lock(foreign)
    expect(await program.call('pg_try_advisory_lock', name)).toBe(false)
    await lock.release()
    expect(await program.call('pg_try_advisory_lock', name)).toBe(true)
    expect(await fp.tryLock(foreign)).toBeNull()
  },
)
