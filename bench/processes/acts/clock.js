/** Milliseconds on a clock that all processes of a machine have in common. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6
}
