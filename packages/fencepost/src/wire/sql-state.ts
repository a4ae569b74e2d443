/** The SQLSTATE of an error of the server; undefined for one of the driver or the network. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && severity !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** The server ended the session (57P01 … 57P05, 25P03 and 25P04 for an idle or a long transaction, 08 the connection). */
export function isEndOfSession(error: unknown): boolean {
  return /^(57P0|25P0[34]|08)/.test(sqlState(error) ?? '')
}

/** What the server said, as far as whoever wrapped its error has kept it. */
export interface ServerError {
  readonly code: string
  readonly detail?: string | undefined
  readonly constraint?: string | undefined
}

// Drizzle, Kysely and MikroORM; Sequelize; TypeORM; Prisma.
const WRAPPED = ['cause', 'original', 'driverError', 'meta', 'driverAdapterError'] as const
const DEEPEST = 6

/** The server's error inside one of a client that wraps it; undefined if there is none. */
export function serverErrorOf(error: unknown, depth = 0): ServerError | undefined {
  if (typeof error !== 'object' || error === null || depth > DEEPEST) return undefined
  if (sqlState(error) !== undefined) return error as ServerError
  for (const field of WRAPPED) {
    const found = serverErrorOf((error as Partial<Record<string, unknown>>)[field], depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * COMMIT was answered with success though the wait for the synchronous standby had been cut off (by a cancel): what it wrote stays
 * here, and is gone if the standby takes over. The warning has no SQLSTATE of its own (01000), so its origin tells.
 */
export function isUnreplicated({ code, routine }: { code?: string; routine?: string }): boolean {
  return code === '01000' && routine === 'SyncRepWaitForLSN'
}
