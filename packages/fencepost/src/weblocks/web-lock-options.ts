import { ForeignKey } from '../ground/foreign-key.ts'
import type { Mode } from '../ground/mode.ts'
import { RESERVED } from './web-lock-name.ts'

/** As the specification has them: what is not named here is passed over, and what is undefined counts as left out. */
export interface WebLockOptions {
  /** Default `'exclusive'`. */
  mode?: Mode | undefined
  /** The callback gets null, at once, if the lock is held or waited for. */
  ifAvailable?: boolean | undefined
  /**
   * Takes the lock from all who hold it, before all who wait for it. Their promises reject with an AbortError, and the database
   * refuses what they guard from then on. Needs the right to evict.
   */
  steal?: boolean | undefined
  /** Gives up the wait, with the signal's own reason, until the callback is called. */
  signal?: AbortSignal | undefined
}

export interface ParsedWebLockOptions {
  readonly mode: Mode
  readonly ifAvailable: boolean
  readonly steal: boolean
  readonly signal: AbortSignal | undefined
}

/** A callback of any kind, before it is known what it is given. */
type Callback = (lock: never) => unknown

/** What was asked for, converted and checked in the order in which browsers do it. */
export interface WebLockRequest<C extends Callback> {
  readonly name: string
  readonly options: ParsedWebLockOptions
  readonly callback: C
}

/**
 * @param rest the callback, or the options and the callback.
 * @throws {TypeError} as WebIDL has it: no function for a callback, options that are no object, an unknown mode, a symbol for a name.
 * @throws {TypeError} for a key of another program, whose text would lock the name alone.
 * @throws {DOMException} NotSupportedError for a name that is reserved, and for options that exclude each other.
 */
export function parseRequest<C extends Callback>(name: unknown, rest: readonly unknown[]): WebLockRequest<C> {
  if (name instanceof ForeignKey) throw new TypeError(`fp.locks takes names only; lock ${name.name} by fp.lock`)
  const asked = toText(name, 'the name')
  const [options, callback] = rest.length < 2 ? [undefined, rest[0]] : rest
  const parsed = parseOptions(options)
  if (typeof callback !== 'function') throw new TypeError(`the callback must be a function; got ${typeof callback}`)
  refuseConflicts(asked, parsed)
  return { name: asked, options: parsed, callback: callback as C }
}

function parseOptions(options: unknown): ParsedWebLockOptions {
  if (options != null && typeof options !== 'object' && typeof options !== 'function') {
    throw new TypeError(`options must be an object such as { mode: 'shared' }; got ${typeof options}`)
  }
  // In the order in which WebIDL reads them.
  const { ifAvailable, mode = 'exclusive', signal, steal } = (options ?? {}) as Record<keyof WebLockOptions, unknown>
  const asked = toText(mode, 'mode')
  if (asked !== 'exclusive' && asked !== 'shared') {
    throw new TypeError(`mode must be 'exclusive' or 'shared'; got '${asked}'`)
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  return { mode: asked, ifAvailable: Boolean(ifAvailable), steal: Boolean(steal), signal }
}

/** As WebIDL converts to a string: anything but a symbol, whatever it says of itself. */
function toText(value: unknown, what: string): string {
  if (typeof value === 'symbol') throw new TypeError(`${what} must not be a symbol`)
  // oxlint-disable-next-line typescript/no-base-to-string -- '[object Object]' is a name like any other
  return String(value)
}

function refuseConflicts(name: string, { mode, ifAvailable, steal, signal }: ParsedWebLockOptions): void {
  if (name.startsWith(RESERVED)) throw notSupported(`names that begin with '${RESERVED}' are reserved; got '${name}'`)
  if (steal && ifAvailable) throw notSupported('steal and ifAvailable exclude each other')
  if (steal && mode !== 'exclusive') throw notSupported(`steal needs mode 'exclusive'`)
  if (signal !== undefined && (steal || ifAvailable)) {
    throw notSupported(`signal and ${steal ? 'steal' : 'ifAvailable'} exclude each other: there is no wait to give up`)
  }
}

function notSupported(message: string): DOMException {
  return new DOMException(message, 'NotSupportedError')
}
