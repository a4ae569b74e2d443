const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A length of time as one reads it at a glance: `85 ms`, `4.2 s`, `3m 12s`, `2h 05m`, `9d 03h`. Null: nobody knows. */
export function age(ms: number | null): string | null {
  if (ms === null) return null
  const length = Math.max(0, ms)
  if (length < 1000) return `${Math.floor(length)} ms`
  if (length < 60_000) return `${(Math.floor(length / 100) / 10).toFixed(1)} s`
  const [unit, size] = UNITS.find(([, one]) => length >= one) ?? UNITS[2]
  const [smaller, smallerSize] = UNITS[UNITS.findIndex(([one]) => one === unit) + 1] ?? UNITS[3]
  const rest = Math.floor((length % size) / smallerSize)
  return `${Math.floor(length / size)}${unit} ${String(rest).padStart(2, '0')}${smaller}`
}
