import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Violation } from './history.ts'

const TOLD = 10
const AROUND_MS = 30
const MOST_LINES = 60

/** Each violation, and for the first ones what was recorded of that name around it, in the order of the instants. */
export function tellViolations(violations: readonly Violation[], folder: string): string {
  const records = readAll(folder)
  const told = violations.slice(0, TOLD).map((violation, i) => {
    const lines = [`${violation.rule}  ${violation.message}`]
    return i < 3 ? [...lines, ...interleaving(violation, records)].join('\n') : lines.join('\n')
  })
  const more = violations.length > TOLD ? [`and ${violations.length - TOLD} more`] : []
  return [...told, ...more].join('\n')
}

interface Line {
  readonly at: number
  readonly call: string
  readonly text: string
  readonly isOfAll: boolean
}

function readAll(folder: string): Line[] {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1))
  return lines
    .map((line) => {
      const { at, what, id, ...more } = JSON.parse(line) as { at: number; what: string; id: string | null }
      const text = `${what.padEnd(11)} ${id ?? 'server'} ${Object.keys(more).length > 0 ? JSON.stringify(more) : ''}`
      return { at, call: (id ?? '').replace(/#.*$/, ''), text, isOfAll: id === null || !id.includes('/') }
    })
    .toSorted((one, other) => one.at - other.at)
}

/** All events of the calls it is about, and around the last of them those of everybody who called for that name. */
function interleaving({ calls, message }: Violation, records: readonly Line[]): string[] {
  if (calls.length === 0) return []
  const own = records.filter(({ call }) => calls.includes(call))
  const name = message.slice(0, message.indexOf(':'))
  const ofName = new Set(records.filter(({ text }) => text.includes(`"name":"${name}"`)).map(({ call }) => call))
  const granted = own.findLast(({ text }) => text.startsWith('granted'))?.at ?? own.at(-1)?.at ?? 0
  const around = records.filter(
    (line) =>
      Math.abs(line.at - granted) <= AROUND_MS && (line.isOfAll || ofName.has(line.call)) && !calls.includes(line.call),
  )
  const lines = [...own, ...around.slice(0, MOST_LINES)].toSorted((one, other) => one.at - other.at)
  return lines.map(
    ({ at, call, text }) =>
      `  ${(at - granted).toFixed(3).padStart(12)} ms ${calls.includes(call) ? '*' : ' '} ${text}`,
  )
}
