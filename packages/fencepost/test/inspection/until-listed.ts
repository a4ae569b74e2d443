import type { Fencepost, HistoryEntry } from 'fencepost'
import { eventually } from '../support/eventually.ts'

/** Waits until so many entries of a name are written down: the newest first. */
export async function untilListed(fp: Fencepost, name: string, count: number): Promise<HistoryEntry[]> {
  return await eventually(async () => {
    const entries = await fp.history.list(name)
    return entries.length === count && entries
  })
}

/** Waits until one of them is in this state. */
export async function untilState(fp: Fencepost, name: string, state: HistoryEntry['state']): Promise<HistoryEntry> {
  return await eventually(async () => (await fp.history.list(name)).find((entry) => entry.state === state))
}
