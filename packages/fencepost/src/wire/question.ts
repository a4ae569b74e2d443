import type { Duplex } from 'node:stream'
import { Query } from 'pg'

/** Text, bytes in the server's own format, or null. */
export type Parameter = string | Buffer | null

interface Wire {
  readonly stream: Duplex
  readonly submittedNamedStatements: Record<string, string>
  parse(statement: { text: string; name: string }): void
  bind(statement: { statement: string; values: readonly Parameter[] }): void
  execute(portal: object): void
  sync(): void
}

interface PgQuery {
  readonly text: string
  readonly name: string
  readonly values: readonly Parameter[]
  readonly callback: (error: Error | null, answer: string | null) => void
  hasBeenParsed(wire: Wire): boolean
  submit(wire: Wire): Error | null
}

const EXECUTE_AND_SYNC = Buffer.from('E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04', 'latin1')

const PgQuery = Query as unknown as new (statement: object, values: undefined, settled: PgQuery['callback']) => PgQuery

/**
 * A prepared statement as the driver sends it, but without asking for the description of its columns, and in one piece. It plugs into
 * what pg calls a submittable; the fields in `Wire` are pg's own, as of 8.23.
 */
export class Question extends PgQuery {
  #answer: string | null = null

  constructor(statement: { text: string; values: readonly Parameter[]; name: string }, settled: PgQuery['callback']) {
    super(statement, undefined, settled)
  }

  override submit(wire: Wire): Error | null {
    if (!this.hasBeenParsed(wire)) return super.submit(wire)
    if (wire.stream.writable) wire.stream.write(execution(this.name, this.values))
    return null
  }

  prepare(wire: Wire): void {
    if (!this.hasBeenParsed(wire)) {
      wire.parse({ text: this.text, name: this.name })
      wire.submittedNamedStatements[this.name] = this.text
    }
    wire.bind({ statement: this.name, values: this.values })
    wire.execute({})
    wire.sync()
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#answer = fields[0] ?? null
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null, this.#answer)
  }
}

/** Bind, Execute and Sync of the protocol's version 3 as one message: three would be three times the work to send. */
function execution(statement: string, values: readonly Parameter[]): Buffer {
  const parts = values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value))
  const bytes = parts.reduce((sum, part) => sum + 6 + (part?.length ?? 0), statement.length + 12)
  const message = Buffer.allocUnsafe(1 + bytes + EXECUTE_AND_SYNC.length)
  message.write('B')
  let at = message.writeInt32BE(bytes, 1)
  at = message.writeInt8(0, at)
  at += message.write(`${statement}\0`, at)
  at = message.writeInt16BE(parts.length, at)
  for (const value of values) at = message.writeInt16BE(Buffer.isBuffer(value) ? 1 : 0, at)
  at = message.writeInt16BE(parts.length, at)
  for (const part of parts) {
    at = message.writeInt32BE(part?.length ?? -1, at)
    at += part?.copy(message, at) ?? 0
  }
  // What comes back is text.
  at = message.writeInt16BE(0, at)
  EXECUTE_AND_SYNC.copy(message, at)
  return message
}
