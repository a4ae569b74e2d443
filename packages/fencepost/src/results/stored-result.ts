import { asError } from '../ground/as-error.ts'
import { serverErrorOf } from '../wire/sql-state.ts'

const MOST_BYTES = 2 ** 20

/** What `T` is after a way through JSON: dates are texts, functions and undefined members are gone. */
// The first line is for `any`, which is as little known afterwards.
export type AsStored<T> = 0 extends 1 & T
  ? T
  : T extends { toJSON(): infer J }
    ? AsStored<J>
    : T extends string | number | boolean | null | undefined | void
      ? T
      : T extends readonly unknown[]
        ? { [I in keyof T]: AsStored<T[I]> }
        : T extends object
          ? { [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: AsStored<T[K]> }
          : T

/** As JSON text; null for nothing. @throws {TypeError} for what JSON cannot carry, and for more than 1 MiB. */
export function encodeResult(value: unknown): string | null {
  const text = stringify(value)
  const bytes = text === null ? 0 : Buffer.byteLength(text)
  if (bytes > MOST_BYTES) {
    throw new TypeError(`what the function returned is ${bytes} bytes of JSON; at most ${MOST_BYTES} are stored`)
  }
  return text
}

/** Also what the server refuses of a JSON text: NUL and lone surrogates (SQLSTATE class 22), nesting that is too deep (54). */
export function isUnstorable(error: unknown): boolean {
  return error instanceof TypeError || /^(22|54)/.test(serverErrorOf(error)?.code ?? '')
}

export function unstorable(error: unknown): TypeError {
  if (error instanceof TypeError) return error
  return new TypeError(`what the function returned cannot be stored: ${asError(error).message}`, { cause: error })
}

function stringify(value: unknown): string | null {
  try {
    const text: string | undefined = JSON.stringify(value)
    return text ?? null
  } catch (cause) {
    throw new TypeError(`what the function returned cannot be written as JSON: ${String(cause)}`, { cause })
  }
}
