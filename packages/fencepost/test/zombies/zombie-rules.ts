import type { Rules } from '../history/check-history.ts'

/** What a campaign must keep to: nobody stands in line for long, and nobody takes two names. */
export const zombieRules: Rules = {
  line: { inLine: 'never', drawnWithinMs: 0, acrossShare: 0 },
  lateMs: 15_000,
  mayDeadlock: false,
}
