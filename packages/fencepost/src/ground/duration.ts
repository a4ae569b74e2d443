const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** What timers take. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A length of time with its unit: `'250ms'`, `'5s'`, `'1.5m'`, `'2h'`, `'1d'`. Never a bare number. */
export type Duration = `${number}${keyof typeof UNITS}`

/**
 * The milliseconds of a duration, rounded up to a whole one.
 *
 * @throws {TypeError} without a unit, negative, not finite, or longer than `longestMs`: 24.8 days (2^31 − 1 ms, what timers take) unless
 * it is given, for what no timer of this process counts.
 */
export function parseDuration(value: unknown, option: string, longestMs = LONGEST_TIMER_MS): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  const ms = match ? Math.ceil(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]) : Number.NaN
  if (!(ms <= longestMs)) {
    throw new TypeError(
      `${option} must be a duration with a unit such as '250ms', '5s', '10m', '2h' or '1d', at most ${Math.floor(longestMs / UNITS.d)} days; ` +
        `got ${typeof value === 'string' ? `'${value}'` : String(value)}`,
    )
  }
  return ms
}
