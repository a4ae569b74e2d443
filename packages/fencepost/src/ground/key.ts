import { hash } from 'node:crypto'
import type { ForeignKey } from './foreign-key.ts'

/** The first 8 bytes of SHA-256 over `fencepost:gate`. */
const GATE = 7760462546175236910n

const digest = Buffer.alloc(32)
const numbers = new DataView(digest.buffer, digest.byteOffset)

/** The advisory keys of a name. */
export interface Keys {
  /** The lock itself. */
  readonly key: bigint
  /** Between grants and guarded writes. */
  readonly gate: bigint
  /** Held, shared, by the sessions that have somebody waiting. */
  readonly line: bigint
  /** That of another program, where it is locked along with it. */
  readonly foreign?: ForeignKey
}

/**
 * The 64-bit advisory key of a name, the same number as SQL's `fencepost.key(name, namespace)`: the first 8 bytes,
 * big-endian and signed, of SHA-256 over `fencepost:<namespace>:<name>`. Two names share one with odds of 3e-10 at
 * 100,000 names; they then exclude each other, and no token is given to both.
 */
export function keyOf(name: string, namespace = 'default'): bigint {
  return keysOf(name, namespace).key
}

/** The gate is the key with its halves swapped, xor `GATE`, as SQL's `fencepost.gate_of(key)`; the line stands beside it. */
export function keysOf(name: string, namespace: string): Keys {
  // As text of one byte a letter: a buffer of its own for each digest costs more than the digest.
  digest.write(hash('sha256', `fencepost:${namespace}:${name}`, 'binary'), 'binary')
  const key = numbers.getBigInt64(0)
  digest.copyWithin(8, 0, 4).copyWithin(0, 4, 8).copyWithin(4, 8, 12)
  const gate = numbers.getBigInt64(0) ^ GATE
  return { key, gate, line: gate ^ 1n }
}

/** The gate of a key whose name is not known, as SQL's `fencepost.gate_of(key)`. */
export function gateOf(key: bigint): bigint {
  return BigInt.asIntN(64, (key << 32n) | (BigInt.asUintN(64, key) >> 32n)) ^ GATE
}

/** The key that the holder of a token keeps beside the lock, as SQL's `fencepost.token_key(gate, token)`. */
export function tokenKeyOf({ gate }: Keys, token: number): bigint {
  return gate ^ BigInt(token)
}
