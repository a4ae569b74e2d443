import type { Leader } from '../../index.ts'
import type { NamedOptions } from '../database-options.ts'
import { openFencepost } from '../open-fencepost.ts'
import { visible } from '../show/visible.ts'

/** A line for the leader of now and for each that follows, until a signal; JSON has one object a line. */
export async function watchLeader(name: string, options: NamedOptions): Promise<void> {
  const over = new AbortController()
  const stop = () => over.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  // A reader that has seen enough.
  process.stdout.once('close', stop)
  await using fp = await openFencepost('leader', options)
  for await (const leader of fp.observe(name, { signal: over.signal })) {
    const at = new Date().toISOString()
    const line = options.json ? JSON.stringify({ at, name, leader }) : `${at}  ${visible(describe(leader))}`
    process.stdout.write(`${line}\n`)
  }
}

function describe(leader: Leader | null): string {
  if (leader === null) return 'nobody leads'
  const { term, application, host, process: pid } = leader
  const where = `${host === null ? '' : ` on ${host}`}${pid === null ? '' : `, pid ${pid}`}`
  return `${application ?? 'somebody'}${where} leads${term === null ? '' : `, term ${term}`}`
}
