import type { Fencepost } from '../index.ts'
import { type NamedOptions } from './database-options.ts'
import { targetOf } from './target.ts'

/** The library, as a command uses it: it says what is missing instead of installing it. Close it. */
export async function openFencepost(command: string, { url, schema, namespace }: NamedOptions): Promise<Fencepost> {
  const target = targetOf(url)
  const { fencepost } = await import('../index.ts')
  return fencepost(target, { schema, namespace, migrate: 'off', application: `fencepost ${command}` })
}
