const HEADER_BYTES = 20
const BYTES = 12
const INT8_OID = 20

/** An array of bigint as the server sends and reads it itself: neither side has to write and read digits. */
export function int8Array(values: readonly (bigint | null)[]): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + BYTES * values.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setInt32(0, 1)
  view.setInt32(4, values.includes(null) ? 1 : 0)
  view.setInt32(8, INT8_OID)
  view.setInt32(12, values.length)
  view.setInt32(16, 1)
  let at = HEADER_BYTES
  for (const value of values) {
    view.setInt32(at, value === null ? -1 : 8)
    at += 4
    if (value === null) continue
    view.setBigInt64(at, value)
    at += 8
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
