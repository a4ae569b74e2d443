const SHORT: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }
/** What moves the cursor, hides, turns the direction of a text or looks like an ordinary space. */
const INVISIBLE = /(?! )[\p{C}\p{Z}]/gu

/**
 * Text of others, a name say, as it may go to a terminal: what would steer it, or make a name look like another, is
 * shown as `\n`, `\x1b` or `\u{202e}`. JSON has the text itself.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (sign) => SHORT[sign] ?? escape(sign.codePointAt(0) ?? 0))
}

/** The same of what may have several lines, an error say. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

function escape(point: number): string {
  const digits = point.toString(16)
  return point < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`
}
