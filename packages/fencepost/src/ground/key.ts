import { hash } from 'node:crypto'

/** The advisory keys of a name. */
export interface Keys {
  /** The lock itself. */
  readonly key: bigint
  /** Between grants and guarded writes. */
  readonly gate: bigint
  /** Held, shared, by the sessions that have somebody waiting. */
  readonly line: bigint
}

/**
 * The 64-bit advisory key of a name, the same number as SQL's `fencepost.key(name, namespace)`: the first 8 bytes,
 * big-endian and signed, of SHA-256 over `fencepost:<namespace>:<name>`. Two names share one with odds of 3e-10 at
 * 100,000 names; they then exclude each other, and their tokens stay apart.
 */
export function keyOf(name: string, namespace = 'default'): bigint {
  return keysOf(name, namespace).key
}

/** The gate is the next 8 bytes, as SQL's `fencepost.gate(name, namespace)`, and the line stands beside it. */
export function keysOf(name: string, namespace: string): Keys {
  const digest = hash('sha256', `fencepost:${namespace}:${name}`, 'buffer')
  const gate = digest.readBigInt64BE(8)
  return { key: digest.readBigInt64BE(0), gate, line: gate ^ 1n }
}

/** The key that the holder of a token keeps beside the lock, as SQL's `fencepost.token_key(gate, token)`. */
export function tokenKeyOf({ gate }: Keys, token: number): bigint {
  return gate ^ BigInt(token)
}
