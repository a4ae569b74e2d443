const HEADER_BYTES = 20
const BYTES = 12
const INT8_OID = 20

/** An array of bigint as the server sends and reads it itself: neither side has to write and read digits. */
export function int8Array(values: readonly (bigint | null)[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + BYTES * values.length)
  bytes.writeInt32BE(1, 0)
  bytes.writeInt32BE(values.includes(null) ? 1 : 0, 4)
  bytes.writeInt32BE(INT8_OID, 8)
  bytes.writeInt32BE(values.length, 12)
  bytes.writeInt32BE(1, 16)
  let at = HEADER_BYTES
  for (const value of values) {
    at = bytes.writeInt32BE(value === null ? -1 : 8, at)
    if (value !== null) at = bytes.writeBigInt64BE(value, at)
  }
  return bytes.subarray(0, at)
}

/** `{1,NULL,3}` as the server writes it. */
export function parseInt8Array(text: string): (number | null)[] {
  return text === '{}'
    ? []
    : text
        .slice(1, -1)
        .split(',')
        .map((digits) => (digits === 'NULL' ? null : Number(digits)))
}
