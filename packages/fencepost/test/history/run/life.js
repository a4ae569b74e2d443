// What the modules of a worker have in common: its settings, and the file into which it writes what happens. Each event is
// written at once and synchronously, so SIGKILL loses at most what had not happened yet.
import { openSync, writeSync } from 'node:fs'

export const settings = JSON.parse(process.argv[2])
export const counts = {}
const log = openSync(settings.file, 'a')

export function record(what, id, more) {
  const at = Number(process.hrtime.bigint()) / 1e6
  writeSync(log, `${JSON.stringify({ at, what, id, ...more })}\n`)
  counts[what] = (counts[what] ?? 0) + 1
}

export function describe(error) {
  const cause = error.cause ? ` (${error.cause.message})` : ''
  return { code: error.code ?? error.name, message: `${error.message}${cause}` }
}
