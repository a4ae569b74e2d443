import { escapeIdentifier, escapeLiteral } from 'pg'

/** What is put into a statement as text. */
export type Value = string | number | bigint | boolean | null

/**
 * A statement of ours with `$1`, `$2` … replaced by literals, for clients that each have placeholders of their own. It has no
 * `?`, `:` or `$` left that one of them could take for such.
 */
export function placeValues(text: string, values: readonly Value[]): string {
  return text.replace(/\$(\d+)/g, (_, number: string) => literalOf(values[Number(number) - 1] ?? null))
}

/** The text as an SQL literal, for the few statements that travel together with BEGIN or COMMIT and take no parameters. */
export function literal(text: string): string {
  return escapeLiteral(text)
}

/** The name as SQL has it, in quotes. */
export function identifier(name: string): string {
  return escapeIdentifier(name)
}

/** Read alike whatever standard_conforming_strings says; the server finds the type, as it does for a parameter. */
function literalOf(value: Value): string {
  if (value === null) return 'null'
  const escaped = String(value).replace(/[^\w ./\u0080-\uffff-]/g, (sign) => `\\u${hexOf(sign)}`)
  return `E'${escaped}'`
}

function hexOf(sign: string): string {
  return sign.charCodeAt(0).toString(16).padStart(4, '0')
}
