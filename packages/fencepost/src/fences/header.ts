import { FenceHeaderError } from './fence-header-error.ts'
import { checkName } from '../ground/name.ts'
import { checkFenced, type Fenced } from './fenced.ts'

const NAME = 'Fencepost-Name'
const TOKEN = 'Fencepost-Token'

/** Headers as fetch has them, or as node:http does. */
export type CarriedHeaders =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined }

/**
 * Headers for a request that writes under a lock: `Fencepost-Name`, a quoted string with what is not plain ASCII percent-encoded,
 * and `Fencepost-Token`, a decimal number. A verifier on the other side refuses the request once it has seen a newer token.
 *
 * @throws {LockReleasedError} after the release.
 */
export function header(lock: Fenced): { [NAME]: string; [TOKEN]: string } {
  checkFenced(lock)
  return { [NAME]: `"${percentEncode(lock.name)}"`, [TOKEN]: String(lock.token) }
}

/** @throws {FenceHeaderError} if there are none, and if they cannot be read. */
export function readHeader(headers: CarriedHeaders): { readonly name: string; readonly token: number } {
  const [name, token] = [valueOf(headers, NAME), valueOf(headers, TOKEN)]
  if (name === undefined && token === undefined) {
    throw new FenceHeaderError(428, `the request must carry a lock's ${NAME} and ${TOKEN}`)
  }
  return { name: readName(name), token: readToken(token) }
}

/** Text that is safe wherever a protocol wants printable ASCII, and in quotes. */
export function percentEncode(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|["\\%]/gu, encodeURIComponent)
}

function valueOf(headers: CarriedHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined
  const value = (headers as Record<string, string | readonly string[] | undefined>)[name.toLowerCase()]
  return typeof value === 'object' ? value.join(', ') : value
}

function readName(value = ''): string {
  const quoted = /^"((?:%[\da-f]{2}|[\x20-\x7e])*)"$/i.exec(value)?.[1]
  try {
    // A quote or a backslash inside comes percent-encoded, and two headers come as one with a comma between.
    if (quoted === undefined || /["\\]/.test(quoted)) throw new TypeError('not a quoted string')
    const name = decodeURIComponent(quoted)
    checkName(name)
    return name
  } catch {
    throw new FenceHeaderError(400, `${NAME} must be the name of one lock, percent-encoded and in double quotes`)
  }
}

function readToken(value = ''): number {
  const token = /^[1-9]\d{0,15}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(token)) throw new FenceHeaderError(400, `${TOKEN} must be one token, a decimal number`)
  return token
}
