import { openSync, writeSync } from 'node:fs'

export type Recorder = (what: string, id: string | null, more?: object) => void

/** Writes events down as the workers do, each at once: instants are comparable with theirs. */
export function startRecorder(file: string): Recorder {
  const log = openSync(file, 'a')
  return (what, id, more = {}) => {
    writeSync(log, `${JSON.stringify({ at: nowMs(), what, id, ...more })}\n`)
  }
}

/** The machine's monotonic clock, as the workers read it. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
