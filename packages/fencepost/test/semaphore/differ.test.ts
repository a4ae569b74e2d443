import { fencepost } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

test('P7: a process that says another number of permits than one that lives is told, with both numbers and what to do', async () => {
  await using fp = fencepost(database.url)
  await using other = await Remote.start(database.url)
  const permit = await fp.semaphore('a', 10).acquire()
  // Also while nothing is held.
  await permit.release()
  for (const call of ['acquire', 'tryAcquire'])
    await expect(other.call(call, 'a', 20)).rejects.toMatchObject({
      code: 'PERMITS_DIFFER',
      message: expect.stringContaining(
        `has 10 permits for those who use it now, not 20; to change it while they run, call fp.semaphore('a', 20, { replaces: 10 })`,
      ),
    })
  await expect(fp.semaphore('a', 5).tryAcquire()).rejects.toMatchObject({
    code: 'PERMITS_DIFFER',
    permits: 5,
    stands: 10,
  })
  await using again = await fp.semaphore('a', 10).acquire()
  expect(again.number).toBeLessThanOrEqual(10)
})

test('P7: a number stands as long as a permit is held or waited for, and goes with the last process that said it', async () => {
  await using fp = fencepost(database.url)
  const dying = await Remote.start(database.url)
  const holding = await Remote.start(database.url)
  // The first writes it down.
  await dying.call('acquire', 'b', 2)
  await holding.call('acquire', 'b', 2)
  await dying.kill()
  await eventually(async () => (await fp.semaphore('b', 2).who()).length === 1)
  await expect(fp.semaphore('b', 3).tryAcquire()).rejects.toMatchObject({ code: 'PERMITS_DIFFER', stands: 2 })
  await holding.kill()
  await using permit = await eventually(
    async () =>
      await fp
        .semaphore('b', 3)
        .tryAcquire()
        .catch(() => null),
  )
  expect(permit.number).toBeLessThanOrEqual(3)
  await using late = await Remote.start(database.url)
  await expect(late.call('acquire', 'b', 2)).rejects.toMatchObject({ code: 'PERMITS_DIFFER' })
})

test('P1: while a deploy rolls from 2 to 4 permits, each has no more than it says, and the new ones have the rest', async () => {
  await using old = await Remote.start(database.url)
  await using next = fencepost(database.url)
  const olds = [await old.call<{ name: string }>('acquire', 'c', 2)]
  const semaphore = next.semaphore('c', 4, { replaces: 2 })
  const news = [await semaphore.acquire()]
  // Three are held by now at most: one of the first two may be free.
  const third = await old.call<{ name: string } | null>('tryAcquire', 'c', 2)
  if (third !== null) olds.push(third)
  for (let permit = await semaphore.tryAcquire(); permit !== null; permit = await semaphore.tryAcquire())
    news.push(permit)
  expect(olds.length + news.length).toBe(4)
  expect(await old.call('tryAcquire', 'c', 2)).toBeNull()
  // Also one of the next version that no longer says what it replaces.
  await using last = fencepost(database.url)
  expect(await last.semaphore('c', 4).tryAcquire()).toBeNull()
  await expect(last.semaphore('c', 3).tryAcquire()).rejects.toMatchObject({ code: 'PERMITS_DIFFER', stands: 4 })
  for (const permit of news) await permit.release()

  // Rolled back, the old ones have two of them again, and not one more.
  const two = [...olds]
  for (let held = await old.call<{ name: string } | null>('tryAcquire', 'c', 2); held !== null;) {
    two.push(held)
    held = await old.call('tryAcquire', 'c', 2)
  }
  expect(two).toHaveLength(2)
})

test('P1: whoever waits with the old number is served when the number changes, up or down', async () => {
  await using old = await Remote.start(database.url)
  await using next = fencepost(database.url)
  const held = await old.call<{ name: string }>('acquire', 'd', 1)
  const waiting = old.call<{ name: string }>('acquire', 'd', 1)
  await untilInLine(admin, 'd', 1)
  const upward = next.semaphore('d', 2, { replaces: 1 }).acquire()
  await untilInLine(admin, 'd', 2)
  await old.call('giveBack', held.name)
  expect((await waiting).name).toBe('d#1')
  expect((await upward).number).toBe(2)
  const downward = next.semaphore('d', 1, { replaces: 2 }).acquire()
  await untilInLine(admin, 'd', 1)
  await (await upward).release()
  await old.call('giveBack', 'd#1')
  expect((await downward).number).toBe(1)
  await (await downward).release()
})

test('P7: of many who say two numbers at the same moment all that are granted one agree', async () => {
  const processes = [fencepost(database.url), fencepost(database.url), fencepost(database.url), fencepost(database.url)]
  for (let round = 0; round < 30; round++) {
    const said = processes.map((_, i) => 1 + ((i + round) % 2))
    const asked = await Promise.allSettled(
      processes.map((fp, i) => fp.semaphore(`e${round}`, said[i] ?? 0).tryAcquire()),
    )
    const agreeing = said.filter((_, i) => asked[i]?.status === 'fulfilled')
    expect(agreeing.length).toBeGreaterThan(0)
    expect(new Set(agreeing).size).toBe(1)
    for (const one of asked) {
      if (one.status === 'fulfilled') await one.value?.release()
      else expect(one.reason).toMatchObject({ code: 'PERMITS_DIFFER' })
    }
  }
  for (const fp of processes) await fp.close()
})

test('semaphores that nobody uses any more are taken away as others are used', async () => {
  {
    await using fp = fencepost(database.url)
    for (let n = 0; n < 30; n++) await fp.semaphore(`old ${n}`, 2).acquire(() => {})
  }
  await using fp = fencepost(database.url)
  await using kept = await fp.semaphore('kept', 1).acquire()
  let n = 0
  await eventually(async () => {
    await fp.semaphore(`new ${n++}`, 2).acquire(() => {})
    return (await admin.query(`select from fencepost.semaphores where name like 'old %'`)).rowCount === 0
  })
  expect((await admin.query(`select from fencepost.semaphores where name = 'kept'`)).rowCount).toBe(1)
  expect(kept.signal.aborted).toBe(false)
})
