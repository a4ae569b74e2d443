import { hash } from 'node:crypto'

/** The first 8 bytes of SHA-256 over `fencepost:gate`. */
const GATE = 7760462546175236910n

/** The two advisory keys of a name: the lock itself, and the gate between grants and guarded writes. */
export interface Keys {
  readonly key: bigint
  readonly gate: bigint
}

/**
 * The 64-bit advisory key of a name, the same number as SQL's `fencepost.key(name, namespace)`: the first 8 bytes,
 * big-endian and signed, of SHA-256 over `fencepost:<namespace>:<name>`. Two names share one with odds of 3e-10 at
 * 100,000 names; they then exclude each other, and no token is given to both.
 */
export function keyOf(name: string, namespace = 'default'): bigint {
  return keysOf(name, namespace).key
}

/** The gate is the key with its halves swapped, xor `GATE`, as SQL's `fencepost.gate_of(key)`. */
export function keysOf(name: string, namespace: string): Keys {
  const digest = hash('sha256', `fencepost:${namespace}:${name}`, 'buffer')
  digest.copyWithin(8, 4, 8).copyWithin(12, 0, 4)
  return { key: digest.readBigInt64BE(0), gate: digest.readBigInt64BE(8) ^ GATE }
}
