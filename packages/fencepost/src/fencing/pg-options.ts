import type { Fence } from './fence.ts'

/**
 * What a program is started with (`PGOPTIONS`, the option `options` of a driver) that is to write under these fences and knows nothing of
 * us. Numbers only, so nothing of it has to be escaped.
 */
export function pgOptionsOf(fences: readonly Fence[]): string {
  const numbers = fences.flatMap(({ key, token, session }) => [key, token, session]).join()
  const freezeMs = Math.max(0, ...fences.map((fence) => fence.freezeMs))
  return `-c fencepost.fences={${numbers}} -c fencepost.freeze_timeout=${freezeMs}ms`
}
