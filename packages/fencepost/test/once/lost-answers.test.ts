import { fencepost } from 'fencepost'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { holdingProxy } from '../support/holding-proxy.ts'

const database = await cloneDatabase()
await database.admin.query('create table payments (key text)')
afterAll(() => database[Symbol.asyncDispose]())

const never = () => {
  throw new Error('it must not be run')
}

/** A fencepost whose pool goes through a proxy until that loses the answer to a COMMIT; its locks do not. */
async function throughProxy() {
  const proxy = await holdingProxy(database.url)
  const pools = [proxy.url, database.url].map((connectionString) => new pg.Pool({ connectionString }))
  for (const pool of pools) pool.on('error', () => {})
  const [proxied, direct] = pools as [pg.Pool, pg.Pool]
  let isBroken = false
  const target = {
    connect: () => (isBroken ? direct : proxied).connect(),
    options: { connectionString: database.url },
    totalCount: 0,
  }
  const fp = fencepost(target)
  return {
    fp,
    /** The next COMMIT is done, and its answer lost. */
    loseNextCommit: () => {
      proxy.holdFrom('; commit')
      void proxy.holds('COMMIT').then(() => {
        isBroken = true
        proxy.close()
      })
    },
    async [Symbol.asyncDispose]() {
      await fp.close()
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

test('once: a run whose beginning was committed without an answer is run, by the one who began it', async () => {
  await using through = await throughProxy()
  through.loseNextCommit()
  expect(await through.fp.once('begin', ({ attempt }) => attempt)).toBe(1)
  expect(await through.fp.once('begin', never)).toBe(1)
})

test('once: an outcome that was committed without an answer is done', async () => {
  await using through = await throughProxy()
  const done = through.fp.once('end', async () => {
    through.loseNextCommit()
    return 'done'
  })
  expect(await done).toBe('done')
  expect(await through.fp.once('end', never)).toBe('done')
})

test('once in a transaction: one that was committed without an answer is found, and not run again', async () => {
  await using through = await throughProxy()
  let runs = 0
  const done = through.fp.once('both', { transaction: true }, async (tx) => {
    runs++
    through.loseNextCommit()
    await tx.query(`insert into payments values ('both')`)
    return 'done'
  })
  expect(await done).toBe('done')
  expect(runs).toBe(1)
  expect((await database.admin.query('select from payments')).rowCount).toBe(1)
})
