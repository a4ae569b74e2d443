/** How many columns there are to write in: no limit in a pipe, and 80 on a terminal that does not say. */
export function terminalWidth(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY
}
