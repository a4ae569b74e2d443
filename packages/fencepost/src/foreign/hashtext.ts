const GOLDEN = 0x9e3779b9
const START = 3923095
const BLOCK = 12

type State = [a: number, b: number, c: number]

/**
 * The hash of the server's `hashtext(text)`: Bob Jenkins' lookup3 over the bytes of UTF-8, as servers on little-endian machines
 * have it. The server promises it to nobody, and has kept it since 8.4.
 */
export function hashtext(text: string): number {
  const [, , c] = hash(text)
  return c | 0
}

/** The hash of the server's `hashtextextended(text, 0)`, from PostgreSQL 11. */
export function hashtextextended(text: string): bigint {
  const [, b, c] = hash(text)
  return BigInt.asIntN(64, (BigInt(b >>> 0) << 32n) | BigInt(c >>> 0))
}

function hash(text: string): State {
  const bytes = Buffer.from(text)
  const start = (GOLDEN + bytes.length + START) | 0
  let state: State = [start, start, start]
  let at = 0
  for (; bytes.length - at >= BLOCK; at += BLOCK) state = mixed(added(state, bytes.subarray(at, at + BLOCK)))
  return finished(addedLast(state, bytes.subarray(at)))
}

function added([a, b, c]: State, block: Buffer): State {
  return [(a + block.readUInt32LE(0)) | 0, (b + block.readUInt32LE(4)) | 0, (c + block.readUInt32LE(8)) | 0]
}

/** The lowest byte of the third word is left to the length, which is in the start. */
function addedLast(state: State, rest: Buffer): State {
  const block = Buffer.alloc(BLOCK)
  block.set(rest.subarray(0, 8))
  block.set(rest.subarray(8), 9)
  return added(state, block)
}

function mixed([a, b, c]: State): State {
  a = ((a - c) | 0) ^ rotated(c, 4)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotated(a, 6)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotated(b, 8)
  b = (b + a) | 0
  a = ((a - c) | 0) ^ rotated(c, 16)
  c = (c + b) | 0
  b = ((b - a) | 0) ^ rotated(a, 19)
  a = (a + c) | 0
  c = ((c - b) | 0) ^ rotated(b, 4)
  b = (b + a) | 0
  return [a, b, c]
}

function finished([a, b, c]: State): State {
  c = ((c ^ b) - rotated(b, 14)) | 0
  a = ((a ^ c) - rotated(c, 11)) | 0
  b = ((b ^ a) - rotated(a, 25)) | 0
  c = ((c ^ b) - rotated(b, 16)) | 0
  a = ((a ^ c) - rotated(c, 4)) | 0
  b = ((b ^ a) - rotated(a, 14)) | 0
  c = ((c ^ b) - rotated(b, 24)) | 0
  return [a, b, c]
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
