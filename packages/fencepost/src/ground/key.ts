import { createHash } from 'node:crypto'

/**
 * The 64-bit advisory key of a name, the same number as SQL's `fencepost.key(name, namespace)`: the first 8 bytes,
 * big-endian and signed, of SHA-256 over `fencepost:<namespace>:<name>`. Two names share one with odds of 3e-10 at
 * 100,000 names; they then exclude each other, and their tokens stay apart.
 */
export function keyOf(name: string, namespace = 'default'): bigint {
  return createHash('sha256').update(`fencepost:${namespace}:${name}`, 'utf8').digest().readBigInt64BE(0)
}
