// A process that holds the lock of one contender and pays invoices under it, as it is told over IPC.
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { loadContender } from '../contenders/all.ts'
import { type Grant, type OpenLock, type Place, TTL_MS } from '../contenders/contender.ts'
import { loaderOf } from '../contenders/load-package.ts'
import { type Moment, monotonicMs, type What } from '../history/event.ts'
import { enter, inTransaction, openPool, readInvoice, type Reading, settle } from '../servers/ledger.ts'
import type { Assignment, FromActor, Task, ToActor } from './task.ts'

/** Whether the account may be credited: a call to somebody outside, which takes its time. */
const BANK_MS = 5
const RETRY_MS = 50
const BLOCK_MS = 5

const assignment = JSON.parse(process.argv[2] ?? '{}') as Assignment
const { application, player } = assignment
const ledger = openPool(assignment.endpoints.postgres, application)
let goOn = () => {}

process.on('disconnect', () => process.exit())
process.on('message', (message: ToActor) => {
  if ('goOn' in message) goOn()
  else void play(message.task)
})

const contender = await loadContender(assignment.contender)
const place: Place = { ...assignment.endpoints, ttlMs: TTL_MS, application, load: loaderOf(assignment.peers) }
let lock: OpenLock
/** Whether the lock has failed in the round before, and may be of no use any more. */
let isSpoiled = false
try {
  lock = await contender.open(place)
  await ledger.query('select')
  await tell({ ready: true })
} catch (error) {
  await tell({ failed: (error as Error).message })
}

/** Asks until it was granted; once it was, what fails has failed. */
async function play(task: Task): Promise<void> {
  if (isSpoiled) await openAnew()
  let isGranted = false
  const work = async (grant: Grant) => {
    isGranted = true
    report('granted', grant.token === undefined ? undefined : String(grant.token))
    await payUnder(grant, task)
  }
  for (;;) {
    report('asked')
    const failure = await lock.hold(`invoice:${task.invoice}`, work).catch((error: unknown) => error as Error)
    isSpoiled ||= failure !== undefined
    if (failure === undefined || isGranted) {
      // Letting go of what was lost may fail.
      report('released', failure?.message)
      break
    }
    await pause(RETRY_MS)
  }
  await tell({ done: true })
}

/** Each round begins with a lock that works, also of a contender that does not connect again by itself. */
async function openAnew(): Promise<void> {
  void lock.close().catch(() => {})
  for (;;) {
    const opened = await contender.open(place).catch(() => null)
    if (opened !== null) {
      lock = opened
      isSpoiled = false
      return
    }
    await pause(RETRY_MS)
  }
}

async function payUnder(grant: Grant, task: Task): Promise<void> {
  const reading = await read(grant, task.invoice)
  if (reading.isPaid) return report('settled')
  // From here on it believes that the invoice is unpaid.
  report('unpaid')
  await pass('before-check', task)
  await pause(BANK_MS)
  if (grant.stillHeld && !(await grant.stillHeld())) return report('gave-up')
  if (grant.stillHeld) report('checked')
  await pass('after-check', task)
  report('writing')
  try {
    report(await write(grant, task, reading))
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    const isRefused = grant.isRefusal?.(error as Error) === true
    report(isRefused ? 'refused' : 'failed', [code, message].filter(Boolean).join(' '))
  }
}

async function read({ store }: Grant, invoice: number): Promise<Reading> {
  if (store) return { isPaid: await store.isPaid(invoice), balance: 0 }
  return await readInvoice(ledger, invoice)
}

async function write(grant: Grant, task: Task, reading: Reading): Promise<'written' | 'settled'> {
  const { store, readsAgain = false, transaction = (pay) => inTransaction(ledger, pay) } = grant
  if (store) {
    await pass('in-write', task)
    await store.pay(task.invoice, player)
    return 'written'
  }
  let current = reading
  await transaction(async (tx) => {
    if (readsAgain) current = await readInvoice(tx, task.invoice)
    if (current.isPaid) return
    await enter(tx, task.invoice, player)
    await pass('in-write', task)
    await settle(tx, task.invoice, current)
  })
  return current.isPaid ? 'settled' : 'written'
}

/** Stands here until the lab lets it go on, if this is where it is to be struck. */
async function pass(moment: Moment, { moment: wanted, stance, flag }: Task): Promise<void> {
  if (moment !== wanted) return
  const going = new Promise<void>((resolve) => (goOn = resolve))
  await tell({ event: event('reached') })
  if (stance === 'stops') process.kill(process.pid, 'SIGSTOP')
  else if (stance === 'blocks') block(flag)
  else await going
}

/** No timer, no socket, no promise of this process gets a turn. */
function block(flag: string): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(flag)) Atomics.wait(nobody, 0, 0, BLOCK_MS)
}

function report(what: What, detail?: string): void {
  void tell({ event: event(what, detail) })
}

function event(what: What, detail?: string) {
  return { atMs: monotonicMs(), what, ...(detail === undefined ? {} : { detail }) }
}

/** Resolves when it has been written: a process that is stopped right after has told. */
function tell(message: FromActor): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve())
    else resolve()
  })
}
