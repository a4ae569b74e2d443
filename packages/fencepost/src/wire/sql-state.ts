/** The SQLSTATE of an error of the server; undefined for one of the driver or the network. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && severity !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** The server ended the session (57P01 … 57P05, 25P03 and 25P04 for an idle or a long transaction, 08 the connection). */
export function isEndOfSession(error: unknown): boolean {
  return /^(57P0|25P0[34]|08)/.test(sqlState(error) ?? '')
}

/**
 * COMMIT was answered with success though the wait for the synchronous standby had been cut off (by a cancel): what it wrote stays
 * here, and is gone if the standby takes over. The warning has no SQLSTATE of its own (01000), so its origin tells.
 */
export function isUnreplicated({ code, routine }: { code?: string; routine?: string }): boolean {
  return code === '01000' && routine === 'SyncRepWaitForLSN'
}
