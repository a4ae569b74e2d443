import { escapeIdentifier, escapeLiteral } from 'pg'

/** The text as an SQL literal, for the few statements that travel together with BEGIN or COMMIT and take no parameters. */
export function literal(text: string): string {
  return escapeLiteral(text)
}

/** The name as SQL has it, in quotes. */
export function identifier(name: string): string {
  return escapeIdentifier(name)
}
