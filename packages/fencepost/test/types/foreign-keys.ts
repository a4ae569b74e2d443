// Compiled by `npm run check`, never run: only `key` makes a key of another program.
import { type Fencepost, type ForeignKey, key, lockInTransaction } from 'fencepost'
import type pg from 'pg'

declare const fp: Fencepost
declare const client: pg.Client

export async function accepted(): Promise<void> {
  const foreign: ForeignKey = key.rails('shop')
  await fp.lock(foreign)
  await fp.lock(key.int8(1), { wait: '1s', shared: true }, (lock) => lock.token)
  await fp.tryLock(key.withAdvisoryLock('a', { prefix: '1' }))
  await fp.lockAll(['a', key.prisma()])
  await fp.transaction([key.goose(), 'a'], () => 1)
  await fp.transaction(key.goose(), () => 1)
  await fp.who(key.int4(1, 2))
  await fp.evict(key.bullMq())
  await fp.lead(key.goose(), ({ term }) => term)
  fp.observe(key.goose())
}

export async function refused(): Promise<void> {
  // @ts-expect-error: a number is no name
  await fp.lock(72707369)
  // @ts-expect-error: looks like one
  await fp.lock({ int8: 1n, int4: null, name: 'foreign:int8:1' })
  // @ts-expect-error: a transaction has no session for it
  await lockInTransaction(client, key.prisma())
  // @ts-expect-error: so do browsers have it
  await fp.locks.request(key.prisma(), () => {})
  // @ts-expect-error: the database is part of it
  key.rails()
  // @ts-expect-error: large numbers are bigints, and texts are none
  key.int8('72707369')
}
