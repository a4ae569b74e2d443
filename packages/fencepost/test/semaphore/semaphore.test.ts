import { fencepost, type PermitTimeoutError } from 'fencepost'
import { afterAll, expect, test } from 'vitest'
import { cloneDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { holdingProxy } from '../support/holding-proxy.ts'
import { Remote } from '../support/remote.ts'
import { untilInLine } from '../support/waiters.ts'

const database = await cloneDatabase()
const { admin } = database
afterAll(() => database[Symbol.asyncDispose]())

const byNumber = (one = 0, other = 0) => one - other

test('P1: as many permits as said are granted, each with a number and a token of its own, and null says that none is free', async () => {
  await using fp = fencepost(database.url)
  await using other = fencepost(database.url)
  const held = [
    await fp.semaphore('a', 3).acquire(),
    await other.semaphore('a', 3).acquire(),
    await fp.semaphore('a', 3).tryAcquire(),
  ]
  expect(held.map((permit) => permit?.number).toSorted(byNumber)).toEqual([1, 2, 3])
  expect(new Set(held.map((permit) => permit?.token)).size).toBe(3)
  expect(await fp.semaphore('a', 3).tryAcquire()).toBeNull()
  expect(await other.semaphore('a', 3).tryAcquire()).toBeNull()
  await held[1]?.release()
  await using again = await fp.semaphore('a', 3).tryAcquire()
  expect(again?.number).toBe(held[1]?.number)
  expect(again?.token).toBeGreaterThan(held[2]?.token ?? Infinity)
  for (const permit of held) await permit?.release()
})

test('P6: whoever waits is granted the next permit that is given back, in the order of the calls, wherever it was held', async () => {
  await using one = fencepost(database.url)
  await using two = fencepost(database.url)
  const held = [await one.semaphore('b', 2).acquire(), await two.semaphore('b', 2).acquire()]
  const order: number[] = []
  const waiting = []
  for (let n = 0; n < 6; n++) {
    waiting.push(
      (n % 2 === 0 ? one : two)
        .semaphore('b', 2)
        .acquire()
        .then((permit) => (order.push(n), permit)),
    )
    await untilInLine(admin, 'b', n + 1)
  }
  await held[0]?.release()
  await (await waiting[0])?.release()
  await (await waiting[1])?.release()
  await held[1]?.release()
  for (const next of waiting) await (await next).release()
  expect(order).toEqual([0, 1, 2, 3, 4, 5])
  await untilInLine(admin, 'b', 0)
})

test('P6: a permit that is given back calls the first of the line, not one who came after it was granted', async () => {
  await using fp = fencepost(database.url)
  await using first = await Remote.start(database.url)
  await using next = await Remote.start(database.url)
  const semaphore = fp.semaphore('called', 1)
  const held = await semaphore.acquire()
  const granted = semaphore.acquire()
  await untilInLine(admin, 'called', 1)
  const turns = [first.call<number[]>('permitTurns', 'called', 1, 1)]
  await untilInLine(admin, 'called', 2)
  await held.release()
  const permit = await granted
  const order: number[] = []
  turns.push(next.call<number[]>('permitTurns', 'called', 1, 1))
  turns.forEach((turn, i) => void turn.then(() => order.push(i)))
  await untilInLine(admin, 'called', 2)
  first.freeze()
  await permit.release()
  // Each after what the release has told, and whoever was called has asked by then.
  for (let i = 0; i < 5; i++) {
    expect(await semaphore.tryAcquire()).toBeNull()
    expect(await next.call('tryAcquire', 'called', 1)).toBeNull()
  }
  first.thaw()
  await Promise.all(turns)
  expect(order).toEqual([0, 1])
})

test('P6: the first who ever waits is called before the second', async () => {
  await using untouched = await cloneDatabase()
  await using fp = fencepost(untouched.url)
  await using first = await Remote.start(untouched.url)
  await using next = await Remote.start(untouched.url)
  const permit = await fp.semaphore('first', 1).acquire()
  const turns = [first.call<number[]>('permitTurns', 'first', 1, 1)]
  await untilInLine(untouched.admin, 'first', 1)
  turns.push(next.call<number[]>('permitTurns', 'first', 1, 1))
  await untilInLine(untouched.admin, 'first', 2)
  const order: number[] = []
  turns.forEach((turn, i) => void turn.then(() => order.push(i)))
  first.freeze()
  await permit.release()
  for (let i = 0; i < 5; i++) expect(await next.call('tryAcquire', 'first', 1)).toBeNull()
  first.thaw()
  await Promise.all(turns)
  expect(order).toEqual([0, 1])
})

test('a try respects the line: null while somebody waits, also when a permit is free, and not once nobody does', async () => {
  const proxy = await holdingProxy(database.url)
  await using fp = fencepost(database.url)
  await using waits = fencepost(proxy.url)
  await using other = fencepost(database.url)
  const held = [await fp.semaphore('line', 2).acquire(), await fp.semaphore('line', 2).acquire()]
  const granted = waits.semaphore('line', 2).acquire()
  await untilInLine(admin, 'line', 1)
  proxy.holdFrom('take_permits')
  await proxy.holds('{}')
  await held[0]?.release()
  // It is free, and the first of the line waits to hear that it was not.
  expect((await fp.semaphore('line', 2).who()).length).toBe(1)
  expect(await fp.semaphore('line', 2).tryAcquire()).toBeNull()
  expect(await other.semaphore('line', 2).tryAcquire()).toBeNull()
  proxy.pass()
  await (await granted).release()
  await using next = await eventually(async () => await other.semaphore('line', 2).tryAcquire())
  expect(next.number).toBe(held[0]?.number)
  await held[1]?.release()
  await waits.close()
  proxy.close()
})

test('P7: tries at the same moment never take each other for those who wait', async () => {
  const processes = Array.from({ length: 4 }, () => fencepost(database.url))
  for (let round = 0; round < 50; round++) {
    const permits = await Promise.all(processes.map((fp) => fp.semaphore('same', 8).tryAcquire()))
    expect(permits).not.toContain(null)
    const more = await Promise.all(
      processes.flatMap((fp) => [fp, fp]).map((fp) => fp.semaphore('same', 8).tryAcquire()),
    )
    expect(more.filter((permit) => permit !== null)).toHaveLength(4)
    for (const permit of [...permits, ...more]) await permit?.release()
  }
  for (const fp of processes) await fp.close()
})

test('a wait that is over or aborted leaves nothing behind, and tells who holds and how many wait', async () => {
  await using fp = fencepost(database.url, { application: 'holds' })
  await using other = fencepost(database.url)
  const semaphore = other.semaphore('over', 2)
  const held = [await fp.semaphore('over', 2).acquire(), await fp.semaphore('over', 2).acquire()]
  expect(await semaphore.tryAcquire()).toBeNull()
  const told: unknown[] = []
  const timedOut = semaphore.acquire({
    wait: '1s',
    onWait: (holder, waiting) => told.push(holder?.application, waiting),
  })
  const error = await timedOut.catch((thrown: PermitTimeoutError) => thrown)
  expect(error).toMatchObject({ code: 'PERMIT_TIMEOUT', semaphore: 'over', permits: 2, waiting: 0 })
  expect(error).toMatchObject({ holder: { application: 'holds', process: process.pid } })
  expect((error as Error).message).toMatch(
    /none of the 2 permits of "over" was granted within \d+ ms; the oldest is held by holds on .* since/,
  )
  expect(told).toEqual(['holds', 0])

  const controller = new AbortController()
  const reason = new Error('enough')
  const aborted = [
    semaphore.acquire({ signal: controller.signal }),
    semaphore.acquire({ signal: controller.signal }, () => {}),
  ]
  const rejected = Promise.all(aborted.map((one) => expect(one).rejects.toBe(reason)))
  await untilInLine(admin, 'over', 2)
  controller.abort(reason)
  await rejected
  await untilInLine(admin, 'over', 0)
  await expect(semaphore.acquire({ signal: controller.signal })).rejects.toBe(reason)
  await expect(semaphore.tryAcquire({ signal: controller.signal })).rejects.toBe(reason)
  for (const permit of held) await permit.release()
  const free = [await eventually(async () => await semaphore.tryAcquire()), await semaphore.tryAcquire()]
  expect(free.map((permit) => permit?.number).toSorted(byNumber)).toEqual([1, 2])
  for (const permit of free) await permit?.release()
})

test('a permit that was granted before the call was given up, and told after it, is given back', async () => {
  const proxy = await holdingProxy(database.url)
  await using fp = fencepost(proxy.url)
  const semaphore = fp.semaphore('late', 1)
  await semaphore.acquire(() => {})
  for (const call of ['acquire', 'tryAcquire'] as const) {
    const controller = new AbortController()
    proxy.holdFrom('take_permits')
    const late = expect(semaphore[call]({ signal: controller.signal })).rejects.toThrow('enough')
    const free = async () => (await admin.query(`select from fencepost.permits('late') where number is null`)).rowCount
    await eventually(async () => (await free()) === 0)
    controller.abort(new Error('enough'))
    proxy.pass()
    await late
    await eventually(free)
  }
  await fp.close()
  proxy.close()
})

test('P8: the callback form gives back what it was given, whatever happens in it, and release hurts nobody', async () => {
  await using fp = fencepost(database.url)
  const semaphore = fp.semaphore('callback', 1)
  expect(await semaphore.acquire({ wait: '5s' }, ({ number, semaphore: name }) => `${name} ${number}`)).toBe(
    'callback 1',
  )
  await expect(
    semaphore.acquire(async (permit) => {
      await permit.release()
      await permit.release()
      throw new RangeError('its own')
    }),
  ).rejects.toThrow(RangeError)
  expect(await semaphore.tryAcquire((permit) => permit.isReleased)).toBe(false)
  expect(await semaphore.acquire(async () => await semaphore.tryAcquire(() => 'never'))).toBeNull()
  await expect(
    semaphore.acquire((permit) => permit.release().then(() => permit.transaction(async () => {}))),
  ).rejects.toMatchObject({
    code: 'LOCK_RELEASED',
  })
})

test('P3: what is written with a permit commits while it is held', async () => {
  await using fp = fencepost(database.url)
  await admin.query('create table written (n integer)')
  await fp.semaphore('write', 2).acquire(async (permit) => {
    await permit.transaction((tx) => tx.query('insert into written values (1)'))
    const client = await admin.connect()
    await client.query('begin')
    await client.query('insert into written values (2)')
    await permit.guard(client)
    await client.query('commit')
    client.release()
  })
  expect((await admin.query('select n from written order by n')).rows).toEqual([{ n: 1 }, { n: 2 }])
})

test('a callback that would wait for itself is told, one that can have another permit is given it', async () => {
  await using fp = fencepost(database.url)
  const semaphore = fp.semaphore('nested', 2)
  const inner = semaphore.acquire(() => semaphore.acquire(() => semaphore.acquire()))
  await expect(inner).rejects.toMatchObject({ code: 'DEADLOCK', message: expect.stringContaining('hold all permits') })
  expect(await semaphore.acquire(() => semaphore.acquire(({ semaphore: name }) => name))).toBe('nested')
  // What was started inside and goes on after the end is outside.
  const later = await semaphore.acquire(() => semaphore.acquire(() => ({ started: later2() })))
  expect(await later.started).toBe('later')
  async function later2() {
    await eventually(async () => (await semaphore.who()).length === 0)
    return await semaphore.acquire(() => 'later')
  }
})

test('semaphores, locks and once-keys of one name, and namespaces, have nothing to do with each other', async () => {
  await using fp = fencepost(database.url)
  await using elsewhere = fencepost(database.url, { namespace: 'elsewhere' })
  await using lock = await fp.lock('n')
  await using numbered = await fp.lock('n#1')
  await using one = await fp.semaphore('n', 1).acquire()
  await using two = await elsewhere.semaphore('n', 5).acquire()
  await using three = await fp.semaphore('n#1', 1).acquire()
  await fp.once('n', () => 'once')
  expect([lock.name, numbered.name, one.name, two.semaphore, three.name]).toEqual(['n', 'n#1', 'n#1', 'n', 'n#1#1'])
  const waiting = fp.semaphore('n#1', 1).acquire()
  await untilInLine(admin, 'n#1', 1)
  expect(await fp.semaphore('n', 1).tryAcquire()).toBeNull()
  await three.release()
  await (await waiting).release()
})

test('under another schema name semaphores work as well', async () => {
  await using fp = fencepost(database.url, { schema: 'other', namespace: 'other' })
  await using more = fencepost(database.url, { schema: 'other', namespace: 'other' })
  const held = await fp.semaphore('schema', 1).acquire()
  await expect(more.semaphore('schema', 2).tryAcquire()).rejects.toMatchObject({ code: 'PERMITS_DIFFER' })
  const next = more.semaphore('schema', 1).acquire()
  await eventually(async () => (await admin.query('select from other.waiters')).rowCount === 1)
  expect((await fp.locks.query()).pending).toMatchObject([{ name: 'schema', means: 'one of 1 permits' }])
  await held.release()
  await (await next).release()
})

test('closing ends the waits and gives back the permits', async () => {
  const fp = fencepost(database.url)
  await using other = fencepost(database.url)
  await fp.semaphore('close', 2).acquire()
  await fp.semaphore('close', 2).acquire()
  const waiting = expect(fp.semaphore('close', 2).acquire()).rejects.toMatchObject({ code: 'CLOSED' })
  await untilInLine(admin, 'close', 1)
  await fp.close()
  await waiting
  await expect(fp.semaphore('close', 2).acquire()).rejects.toMatchObject({ code: 'CLOSED' })
  await (await other.semaphore('close', 2).acquire({ wait: '20s' })).release()
})
