import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fencepost, type Lock, StaleTokenError } from '../../../index.ts'
import { exitCodeOf } from '../../exit-code.ts'
import { type Invoice, Ledger } from '../ledger.ts'
import { type Assignment, type Attempt, FREEZE_TIMEOUT, type Report } from './report.ts'

const BANK_MS = 5
const PATIENCE = '30s'

const { worker, schema, fenced, freezeAfter } = JSON.parse(process.argv[2] ?? '{}') as Assignment
const url = process.env['DATABASE_URL'] ?? ''
let begun = 0

// Ctrl-C in a terminal reaches every process of the demo; when it ends is for the first one to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit())
if (!process.connected) process.exit()
try {
  await payEverything()
} catch (error) {
  process.exitCode = 1
  await report({ kind: 'failed', message: (error as Error).message, exitCode: exitCodeOf(error) })
}
process.disconnect()

async function payEverything(): Promise<void> {
  await using ledger = new Ledger(url, schema)
  await using fp = fencepost(url, {
    schema,
    migrate: 'off',
    freezeTimeout: FREEZE_TIMEOUT,
    application: `demo worker ${worker}`,
  })
  await Promise.all([fp.who('account:1'), ledger.serverVersion()])
  const go = once(process, 'message')
  await report({ kind: 'ready' })
  await go
  for (;;) {
    const invoice = await ledger.pickUnpaid()
    if (invoice === null) return
    await fp.lock(`account:${invoice.account}`, { wait: PATIENCE }, (lock) => payUnder(lock, invoice, ledger))
  }
}

async function payUnder(lock: Lock, invoice: Invoice, ledger: Ledger): Promise<void> {
  const attempt = { invoice: invoice.id, account: invoice.account, token: lock.token }
  await report({ kind: 'granted', ...attempt })
  if (await ledger.isPaid(invoice)) return
  await askTheBank()
  // From here on it believes that the invoice is unpaid. It does not look at lock.signal: the database has to do.
  if (begun++ === freezeAfter) await freeze(attempt)
  const payout = { invoice, worker, token: lock.token }
  try {
    if (fenced) await lock.transaction((tx) => ledger.pay(tx, payout))
    else await ledger.payUnguarded(payout)
    await report({ kind: 'paid', ...attempt })
  } catch (error) {
    if (!(error instanceof StaleTokenError)) throw error
    const { code, cause } = error
    await report({ kind: 'refused', ...attempt, code, sqlState: (cause as { code?: string }).code ?? 'none' })
  }
}

/** Whether the account may be credited: a call to somebody outside, which takes its time and is no part of a transaction. */
async function askTheBank(): Promise<void> {
  await pause(BANK_MS)
}

/** Stops this whole process as the operating system does it, once the report is out; returns when it is woken. */
async function freeze(attempt: Attempt): Promise<void> {
  await report({ kind: 'frozen', ...attempt })
  process.kill(process.pid, 'SIGSTOP')
}

/** Resolves when the report has been written. */
function report(message: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()))
}
