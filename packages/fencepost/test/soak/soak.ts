import { localInstallations } from '@fencepost/dev-postgres'

/** Where the programs of a major are that is installed here; null: of the one from npm. */
export function binariesOf(wanted: number | null): { binaries?: string } {
  if (wanted === null) return {}
  const installed = localInstallations()
  const found = installed.find(({ major }) => major === wanted)
  if (found !== undefined) return { binaries: found.binaries }
  const majors = installed.map(({ major }) => major).join(', ') || 'none'
  throw new Error(`PostgreSQL ${wanted} is not installed here; there is ${majors}`)
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Of figures in their order. */
export function describeTimes(times: readonly number[]): string {
  if (times.length === 0) return 'none'
  const at = (part: number) => Math.round(times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0)
  return `median ${at(0.5)} ms, ${at(0)} to ${at(1)} ms (${times.length})`
}
