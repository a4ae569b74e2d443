import { Permits } from './permits.ts'
import { Semaphore, type SemaphoreParts } from './semaphore.ts'
import { parseSemaphore, type SemaphoreOptions } from './semaphore-options.ts'

/**
 * A semaphore: at most `permits`, 1 to 1000, are held at a time by all processes together. Nothing is sent yet. Every process has to say
 * the same number.
 *
 * @throws {TypeError} for a name, a number or an option that cannot be right.
 */
export type SemaphoreCall = (name: string, permits: number, options?: SemaphoreOptions) => Semaphore

/** `fp.semaphore`. */
export function semaphoreCall(parts: SemaphoreParts): SemaphoreCall {
  const { namespace } = parts
  /** Those that are held or asked for. */
  const used = new Map<string, Permits>()
  const permitsOf = (name: string) => {
    const permits = used.get(name) ?? new Permits({ name, namespace }, () => used.delete(name))
    used.set(name, permits)
    return permits
  }
  return (name, permits, options) => {
    const said = parseSemaphore(name, permits, options)
    return new Semaphore(said, parts, () => permitsOf(name))
  }
}
