import { styleText } from 'node:util'

export type Format = Parameters<typeof styleText>[0]

/** Styles text for a terminal that shows colours; leaves it alone in a pipe and under NO_COLOR (no-color.org). */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream): string {
  // Node 20's styleText takes a stream but does not ask it.
  return stream.isTTY && stream.hasColors() ? styleText(format, text, { validateStream: false }) : text
}
