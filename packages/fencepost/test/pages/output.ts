const ANYTHING = '…'

/** Whether a program printed what a page shows, where `…` stands for any text, and alone in its line for any lines. */
export function matches(stdout: string, shown: string): boolean {
  const lines = trimmed(shown).map((line) =>
    line.trim() === ANYTHING ? String.raw`(?:.*\n)*?` : `${line.split(ANYTHING).map(escaped).join('.*')}\n`,
  )
  return new RegExp(`^${lines.join('')}$`).test(`${trimmed(stdout).join('\n')}\n`)
}

function trimmed(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trimEnd())
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
