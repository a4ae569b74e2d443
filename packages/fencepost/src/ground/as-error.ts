/** Whatever was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(textOf(error))
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // An object without a prototype, or one whose toString throws.
    return 'something was thrown that has no text'
  }
}
