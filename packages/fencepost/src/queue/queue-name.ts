/** What the database calls a queue of a namespace: queues of different namespaces are different queues. */
export function queueNameOf(namespace: string, queue: string): string {
  return namespace === 'default' ? queue : `${namespace}:${queue}`
}

/** @throws {TypeError} unless it is 1 to 200 characters without `:`, which separates the namespace from it. */
export function checkQueue(queue: unknown): asserts queue is string {
  checkText(queue, 'the name of a queue', { most: 200, unit: 'characters' })
  if (queue.includes(':')) throw new TypeError(`the name of a queue must not contain ':'; got '${queue}'`)
}

/** @throws {TypeError} unless it is none, or 1 to 512 bytes. */
export function checkGroup(group: string | undefined): void {
  if (group !== undefined) checkText(group, 'the group of a job', { most: 512, unit: 'bytes' })
}

/** What names a job, its queue, its key or its group. @throws {TypeError} where the database could not store it. */
export function checkText(text: unknown, what: string, { most, unit }: Bound): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string; got ${typeof text}`)
  if (text.includes('\0')) throw new TypeError(`${what} must not contain NUL: PostgreSQL cannot store it`)
  if (!text.isWellFormed()) throw new TypeError(`${what} must be well-formed Unicode; it has a lone surrogate`)
  const length = unit === 'bytes' ? Buffer.byteLength(text) : Array.from(text).length
  if (length < 1 || length > most) throw new TypeError(`${what} must have 1 to ${most} ${unit}; it has ${length}`)
}

interface Bound {
  readonly most: number
  readonly unit: 'characters' | 'bytes'
}
