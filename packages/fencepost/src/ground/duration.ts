const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const LONGEST_MS = 2 ** 31 - 1

/** A length of time with its unit: `'250ms'`, `'5s'`, `'1.5m'`, `'2h'`, `'1d'`. Never a bare number. */
export type Duration = `${number}${keyof typeof UNITS}`

/**
 * The milliseconds of a duration, rounded up to a whole one.
 *
 * @throws {TypeError} without a unit, negative, not finite, or longer than 24.8 days (2^31 − 1 ms, what timers take).
 */
export function parseDuration(value: unknown, option: string): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  const ms = match ? Math.ceil(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]) : Number.NaN
  if (!(ms <= LONGEST_MS)) {
    throw new TypeError(
      `${option} must be a duration with a unit such as '250ms', '5s', '10m', '2h' or '1d', at most 24 days; ` +
        `got ${typeof value === 'string' ? `'${value}'` : String(value)}`,
    )
  }
  return ms
}
