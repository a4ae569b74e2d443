import type { KeeperMessage } from './keeper-process.ts'
import { Ledger } from '../ledger.ts'

const url = process.env['DATABASE_URL'] ?? ''
const schema = process.argv[2] ?? ''
const workers = new Set<number>()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('message', (message: KeeperMessage) => {
  if ('born' in message) workers.add(message.born)
  else workers.delete(message.gone)
})
process.on('disconnect', () => void clearUp())
process.send?.('ready')

async function clearUp(): Promise<void> {
  for (const pid of workers) kill(pid)
  await using ledger = new Ledger(url, schema)
  // The server may have ended before us, and the schema with it.
  await ledger.drop().catch(() => (process.exitCode = 1))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
