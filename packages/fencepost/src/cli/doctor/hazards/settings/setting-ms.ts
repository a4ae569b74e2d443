const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** The milliseconds of a time as PostgreSQL's settings have it, `'1500'`, `'2s'`, `'1 min'`; NaN for what is none. */
export function settingMs(value: string): number {
  const [, number, unit = 'ms'] = /^\s*(-?\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(value) ?? []
  return Number(number ?? Number.NaN) * (UNITS[unit] ?? Number.NaN)
}
