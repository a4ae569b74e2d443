import type { Rules } from './check-history.ts'

/** What a run of the library as it is must keep to. The bounds are generous: machines that test are busy. */
export const rules: Rules = {
  line: { inLine: 'by event', drawnWithinMs: 0, acrossShare: 0.01 },
  lateMs: 15_000,
  mayDeadlock: true,
}
