const BITS = 64
const ROUNDS = 12
const BLOCK = 128
/** The first 64 bits of the fractions of the square roots of the first eight primes. */
const START = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
] as const
/** In which order a round takes the words of a block; the eleventh is the first again. */
const ORDERS = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const
const COLUMNS_AND_DIAGONALS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

/**
 * BLAKE2b of 8 bytes (RFC 7693), as a number of little-endian machines. It is not the start of the one of 64 bytes, which is all
 * that OpenSSL has: the length is hashed too.
 */
export function blake2b64(text: string): bigint {
  const bytes = Buffer.from(text)
  const padded = Buffer.alloc(Math.max(1, Math.ceil(bytes.length / BLOCK)) * BLOCK)
  bytes.copy(padded)
  // No key, one leaf, 8 bytes.
  let state: readonly bigint[] = [START[0] ^ 0x01010008n, ...START.slice(1)]
  for (let at = 0; at < padded.length; at += BLOCK) {
    const isLast = at + BLOCK === padded.length
    state = compressed(state, padded.subarray(at, at + BLOCK), isLast ? bytes.length : at + BLOCK, isLast)
  }
  return BigInt.asIntN(BITS, state[0] ?? 0n)
}

function compressed(state: readonly bigint[], block: Buffer, count: number, isLast: boolean): bigint[] {
  const words = Array.from({ length: 16 }, (_, at) => block.readBigUInt64LE(at * 8))
  const v = [...state, ...START]
  v[12] = START[4] ^ BigInt(count)
  if (isLast) v[14] = BigInt.asUintN(BITS, ~START[6])
  for (let round = 0; round < ROUNDS; round++) {
    const order = ORDERS[round % ORDERS.length] ?? ORDERS[0]
    for (const [at, places] of COLUMNS_AND_DIAGONALS.entries())
      mix(v, places, words[order[2 * at] ?? 0] ?? 0n, words[order[2 * at + 1] ?? 0] ?? 0n)
  }
  return state.map((word, at) => word ^ (v[at] ?? 0n) ^ (v[at + 8] ?? 0n))
}

function mix(v: bigint[], [a, b, c, d]: readonly [number, number, number, number], x: bigint, y: bigint): void {
  const at = (place: number) => v[place] ?? 0n
  v[a] = sum(at(a), at(b), x)
  v[d] = turned(at(d) ^ at(a), 32n)
  v[c] = sum(at(c), at(d))
  v[b] = turned(at(b) ^ at(c), 24n)
  v[a] = sum(at(a), at(b), y)
  v[d] = turned(at(d) ^ at(a), 16n)
  v[c] = sum(at(c), at(d))
  v[b] = turned(at(b) ^ at(c), 63n)
}

function sum(...numbers: bigint[]): bigint {
  return BigInt.asUintN(
    BITS,
    numbers.reduce((one, other) => one + other),
  )
}

function turned(word: bigint, by: bigint): bigint {
  return BigInt.asUintN(BITS, (word >> by) | (word << (64n - by)))
}
