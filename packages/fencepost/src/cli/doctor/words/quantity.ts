/** `1 table`, `2 tables`, `12,500 tables`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : nounsOf(noun)}`
}

/** As PostgreSQL's own sizes are read: `8.0 GB`. */
export function bytes(count: number): string {
  const [size, unit] = count < 1024 ** 2 ? [1024, 'kB'] : count < 1024 ** 3 ? [1024 ** 2, 'MB'] : [1024 ** 3, 'GB']
  return `${(count / size).toFixed(1)} ${unit}`
}

function nounsOf(noun: string): string {
  return noun.endsWith('x') ? `${noun}es` : `${noun}s`
}
