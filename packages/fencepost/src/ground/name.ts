const LONGEST_NAME_BYTES = 1024

/**
 * A lock's name is any text of 1 to 1024 bytes of UTF-8 without NUL.
 *
 * @throws {TypeError} otherwise; also for lone surrogates, which have no UTF-8 and would lock another name.
 */
export function checkName(name: unknown): asserts name is string {
  checkText(name, 'a lock name')
  if (name === '') throw new TypeError('a lock name must not be empty')
}

/** Whether `checkName` takes it. */
export function isLockName(text: string): boolean {
  return text !== '' && !text.includes('\0') && text.isWellFormed() && Buffer.byteLength(text) <= LONGEST_NAME_BYTES
}

/** @throws {TypeError} for what a name may not be either, and for ':', which separates the namespace from the name. */
export function checkNamespace(namespace: unknown): asserts namespace is string {
  checkText(namespace, 'a namespace')
  if (namespace === '' || namespace.includes(':')) {
    throw new TypeError(`a namespace must not be empty or contain ':'; got '${namespace}'`)
  }
}

function checkText(text: unknown, what: string): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string; got ${typeof text}`)
  if (text.includes('\0')) throw new TypeError(`${what} must not contain NUL: PostgreSQL cannot store it`)
  if (!text.isWellFormed()) throw new TypeError(`${what} must be well-formed Unicode; it has a lone surrogate`)
  const bytes = Buffer.byteLength(text)
  if (bytes > LONGEST_NAME_BYTES) {
    throw new TypeError(`${what} must not be longer than ${LONGEST_NAME_BYTES} bytes; got ${bytes}. Hash the long part`)
  }
}
