/** Whatever was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(textOf(error))
}

/** An error as it is kept: PostgreSQL has no text for NUL, and none for half of a surrogate pair. */
export function errorText(error: unknown): string {
  return describe(error).replaceAll('\0', '\uFFFD').toWellFormed()
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return asError(error).message
  try {
    return `${error.name}: ${error.message}`
  } catch {
    // Its message is a symbol, say.
    return 'an error was thrown whose message is no text'
  }
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // An object without a prototype, or one whose toString throws.
    return 'something was thrown that has no text'
  }
}
