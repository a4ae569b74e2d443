import { LockReleasedError } from '../ground/errors.ts'
import { checkName } from '../ground/name.ts'

/** What a write elsewhere is fenced with: a `Lock`, or its name and token as another process was told them. */
export interface Fenced {
  readonly name: string
  readonly token: number
  readonly isReleased?: boolean
}

/** @throws {LockReleasedError | TypeError} */
export function checkFenced({ name, token, isReleased }: Fenced): void {
  checkName(name)
  if (!Number.isSafeInteger(token) || token < 1) throw new TypeError(`token must be a token; got ${String(token)}`)
  if (isReleased === true) throw new LockReleasedError(name)
}
