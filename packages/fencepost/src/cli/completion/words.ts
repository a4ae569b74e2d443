/** A line as a shell takes it apart, up to where the cursor is. */
export interface Typed {
  /** Whole ones, without their quotes. */
  readonly before: readonly string[]
  /** The last, maybe empty, without its quotes. */
  readonly current: string
  /** The last as it was typed. */
  readonly raw: string
}

const WORD = /(?:[^\s'"\\]|\\[\s\S]|'[^']*(?:'|$)|"(?:[^"\\]|\\[\s\S])*(?:"|$))+/g
const PART = /\\([\s\S])|'([^']*)'?|"((?:[^"\\]|\\[\s\S])*)"?/g

export function readWords(line: string): Typed {
  const words = line.match(WORD) ?? []
  // After a space, if that is none inside of a word, a new one begins.
  const isBetween = words.length === 0 || !line.endsWith(words.at(-1) ?? '')
  const raw = isBetween ? '' : (words.pop() ?? '')
  return { before: words.map(unquoted), current: unquoted(raw), raw }
}

/** So that bash takes it for one word. */
export function quoted(word: string): string {
  return word.replaceAll(/[^\w@%+=:,./\-\u{80}-\u{10ffff}]/gu, String.raw`\$&`)
}

function unquoted(word: string): string {
  return word.replaceAll(PART, (_, escaped?: string, single?: string, double?: string) => {
    return escaped ?? single ?? (double ?? '').replaceAll(/\\(["\\$`])/g, '$1')
  })
}
