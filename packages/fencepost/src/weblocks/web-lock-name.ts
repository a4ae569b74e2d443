import { createHash } from 'node:crypto'
import { isLockName } from '../ground/name.ts'

/** Names that begin so are reserved by the specification, so nobody asks for what we make of the others. */
export const RESERVED = '-'
const QUOTED = /^-"[^]*"$/

/**
 * The lock name of a name of the Web Locks API, which may be any string: itself, if it can be. The empty one, one with NUL or a lone
 * surrogate is written as JSON behind a `-`; one of more than 1024 bytes becomes a `-` and its SHA-256. No two become the same.
 */
export function lockNameOf(name: string): string {
  if (isLockName(name)) return name
  const quoted = RESERVED + JSON.stringify(name)
  if (isLockName(quoted)) return quoted
  return `${RESERVED}sha256:${createHash('sha256').update(name, 'utf16le').digest('hex')}`
}

/** The other way round; one that was too long stays a digest. */
export function webNameOf(lockName: string): string {
  if (!QUOTED.test(lockName)) return lockName
  try {
    const name: unknown = JSON.parse(lockName.slice(RESERVED.length))
    return typeof name === 'string' ? name : lockName
  } catch {
    // Somebody's own lock, of another kind.
    return lockName
  }
}
