/**
 * What `--json` prints: one value, instants as ISO 8601 in UTC, and numbers beyond 2^53 as texts, as no reader of JSON keeps them.
 * Indented for a terminal, one line in a pipe.
 */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, asText, process.stdout.isTTY ? 2 : undefined)
  process.stdout.write(`${text}\n`)
}

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
