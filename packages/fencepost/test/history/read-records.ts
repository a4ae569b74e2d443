import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Call, type Fault, type History, newCall } from './history.ts'

interface Recorded {
  readonly at: number
  readonly what: string
  readonly id: string | null
  readonly [field: string]: unknown
}

type Read = Pick<History, 'calls' | 'faults' | 'deaths' | 'collapses'>

/** Puts together what the processes of a run have written down, each into its own file. */
export function readRecords(folder: string, endedAt: number): Read {
  const read = {
    calls: new Map<string, Call>(),
    faults: [] as Fault[],
    deaths: new Map<string, number>(),
    collapses: [] as Collapse[],
  }
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  for (const file of files) {
    const records = readLines(join(folder, file))
    const life = file.replace(/\.jsonl$/, '')
    for (const record of records) readCall(record, life, read.calls)
    read.faults.push(...readFaults(records, endedAt))
    for (const { what, id, at } of records) {
      if (what === 'kill' && id !== null) read.deaths.set(id, Math.min(at, read.deaths.get(id) ?? at))
    }
  }
  // Only now is every kill known: the others ended by themselves.
  for (const { what, id, at, said } of readLines(join(folder, 'driver.jsonl'))) {
    if (what !== 'exit' || id === null || read.deaths.has(id)) continue
    read.deaths.set(id, at)
    read.collapses.push({ life: id, said: String(said) })
  }
  return { ...read, calls: [...read.calls.values()] }
}

type Collapse = History['collapses'][number]

/** A line that SIGKILL cut off had not happened yet. */
function readLines(file: string): Recorded[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  lines.pop()
  return lines.map((line) => JSON.parse(line) as Recorded)
}

const PAIRS: Record<string, { end: string; kind: Fault['kind'] }> = {
  freeze: { end: 'thawed', kind: 'freeze' },
  terminate: { end: 'terminated', kind: 'terminate' },
  crash: { end: 'recovered', kind: 'crash' },
}

function readFaults(records: readonly Recorded[], endedAt: number): Fault[] {
  return records.flatMap(({ what, id, at }, i) => {
    const pair = PAIRS[what]
    if (pair === undefined) return []
    const end = records.slice(i + 1).find((later) => later.what === pair.end && later.id === id)
    return [{ kind: pair.kind, life: id, from: at, until: end?.at ?? endedAt }]
  })
}

function readCall(record: Recorded, life: string, calls: Map<string, Call>): void {
  const { at, what, id } = record
  if (id === null || !id.includes('/')) return
  if (what === 'called') {
    const { name, mode, op, within, limitMs } = record as unknown as Call
    calls.set(id, newCall({ id, life, name, mode, op, within, limitMs, calledAt: at }))
    return
  }
  const [callId = '', written] = id.split('#')
  const call = calls.get(callId)
  if (call === undefined) throw new Error(`${what} of ${id} was recorded before its call`)
  if (written !== undefined) return readWrite(record, call)
  if (what === 'waiting') call.waitingAt = at
  else if (what === 'granted') Object.assign(call, { grantedAt: at, token: record['token'] })
  else if (what === 'refused') call.refusal = readRefusal(record)
  else if (what === 'lost') call.lostAt = at
  else if (what === 'release') call.releaseAt = at
  else if (what === 'released') readReleased(record, call)
}

/** A loss that only shows once the lock is released had come before. */
function readReleased({ at, isLost }: Recorded, call: Call): void {
  call.releasedAt = at
  if (isLost === true) call.lostAt ??= at
}

function readWrite(record: Recorded, call: Call): void {
  const { at, what, id, isolation } = record
  if (what === 'write') {
    const open = { commitAt: null, committedAt: null, refusal: null }
    call.writes.push({ id: id ?? '', isolation: String(isolation), begunAt: at, ...open })
    return
  }
  const write = call.writes.find((one) => one.id === id)
  if (write === undefined) throw new Error(`${what} of ${id} was recorded before it began`)
  if (what === 'commit') write.commitAt = at
  else if (what === 'committed') write.committedAt = at
  else if (what === 'uncommitted') write.refusal = readRefusal(record)
}

function readRefusal({ at, code, message }: Recorded) {
  return { at, code: String(code), message: typeof message === 'string' ? message : '' }
}
