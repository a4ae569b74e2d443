import type { Findings } from './check-history.ts'
import { type History, isGranted } from './history.ts'
import type { Run } from './run/run-history.ts'

/** What happened in a run, in numbers: one that did little has shown little. */
export function summarize({ history, tables }: Run, findings: Findings): Record<string, string> {
  const { calls, faults } = history
  const grants = calls.filter(isGranted)
  const refusedBy = (code: string) => calls.filter(({ refusal }) => refusal?.code === code)
  const { line, longestHandOver: longest } = findings
  return {
    calls: count(calls),
    grants: `${grants.length}, ${grants.filter(({ mode }) => mode === 'shared').length} of them shared`,
    nested: `${count(grants.filter(({ op }) => op === 'again'))} again, ${count(grants.filter(({ op, within }) => op !== 'again' && within !== null))} of another name`,
    waited: `${count(grants.filter(({ waitingAt }) => waitingAt !== null))} with a ticket`,
    'gave up': `${count(refusedBy('LOCK_TIMEOUT'))} timeouts, ${count(refusedBy('ABORTED'))} aborted, ${count(refusedBy('BUSY'))} busy`,
    deadlocks: count(refusedBy('DEADLOCK')),
    unknown: count(calls.filter((call) => !isGranted(call) && call.refusal === null)),
    faults: `${history.deaths.size} kills, ${faultsOf('freeze')} freezes (${naps(history)} of them naps), ${faultsOf('terminate')} terminated backends, ${faultsOf('crash')} server crashes`,
    lost: `${count(grants.filter(({ lostAt }) => lostAt !== null))}, ${unexplained(history)} of them without a fault`,
    commits: commitsOf(history),
    'hand-over': `at most ${Math.round(longest?.ms ?? 0)} ms from free to granted (${longest?.call.id}, ${longest?.call.name})`,
    FIFO: `${line.overtakersWithin} overtook within their process, ${line.overtakersAcross} across, of ${line.followers} that were called while somebody was in line`,
    tables: Object.entries(tables)
      .map(([name, rows]) => `${name} ${rows}`)
      .join(', '),
    violations: String(findings.violations.length),
  }

  function faultsOf(kind: History['faults'][number]['kind']): number {
    return faults.filter((fault) => fault.kind === kind).length
  }
}

function naps({ faults, freezeMs }: History): number {
  return faults.filter(({ kind, from, until }) => kind === 'freeze' && until - from < freezeMs / 2).length
}

function commitsOf({ calls, effects }: History): string {
  const refusals = calls.flatMap(({ writes }) =>
    writes.flatMap(({ refusal }) => (refusal === null ? [] : [refusal.code])),
  )
  const counts = new Map<string, number>()
  for (const code of refusals) counts.set(code, (counts.get(code) ?? 0) + 1)
  const refused = [...counts].map(([code, times]) => `${times} ${code}`).join(', ')
  return `${effects.length} committed, ${refusals.length} refused${refused === '' ? '' : ` (${refused})`}`
}

function count(of: readonly unknown[]): string {
  return String(of.length)
}

/** Told of a loss though nothing was done to the process: a machine that is too busy, or a fault of ours. */
function unexplained({ calls, faults }: History): number {
  const lost = calls.filter(({ lostAt }) => lostAt !== null)
  return lost.filter(
    ({ life, calledAt, lostAt }) =>
      !faults.some(
        (fault) => (fault.life ?? life) === life && fault.from <= (lostAt ?? 0) && fault.until + 5000 >= calledAt,
      ),
  ).length
}
