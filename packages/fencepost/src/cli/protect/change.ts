import pg from 'pg'
import type { Fencepost, ProtectedTable } from '../../index.ts'
import { CommandError, ExitCode } from '../exit-code.ts'
import { confirm } from '../show/confirm.ts'
import { printJson } from '../show/json.ts'
import { visible } from '../show/visible.ts'
import { targetOf } from '../target.ts'
import { type Duration, parseDuration } from '../../ground/duration.ts'
import type { NamedOptions } from '../database-options.ts'

export interface ProtectCommandOptions extends NamedOptions {
  readonly report?: boolean
  readonly yes?: boolean
  readonly wait: Duration
}

/** Puts the guard on, or another one in its place. */
export async function protectTable(table: string, rule: string, options: ProtectCommandOptions): Promise<void> {
  await withFencepost(table, options, async (fp, name) => {
    const before = await protectionOf(fp, name)
    const mode = options.report ? 'report' : 'refuse'
    if (before?.mode === 'refuse' && (mode === 'report' || before.lockName !== rule)) {
      const instead = mode === 'report' ? 'writes are only recorded' : `it is "${rule}"`
      await ask(`${name} is protected by "${before.lockName}"; from now on ${instead}. Change it?`, options)
    }
    await fp.protect(name, rule, { mode })
    const after = await protectionOf(fp, name)
    if (options.json) return printJson(after)
    const what =
      mode === 'report'
        ? `writes without a live token of "${rule}" are recorded and pass: npx fencepost protect --violations`
        : `writes without a live token of "${rule}" are refused from now on (LK005), from any program`
    process.stdout.write(`${visible(`${name}: ${what}`)}\n`)
  })
}

/** Takes the guard off. */
export async function unprotectTable(table: string, options: ProtectCommandOptions): Promise<void> {
  await withFencepost(table, options, async (fp, name) => {
    const before = await protectionOf(fp, name)
    if (before !== undefined) {
      await ask(
        `${name} is protected by "${before.lockName}" (${before.mode}). Let everybody write to it without a lock?`,
        options,
      )
    }
    const changed = await fp.unprotect(name)
    if (options.json) printJson({ table: name, changed })
    else
      process.stdout.write(
        `${visible(name)} ${changed ? 'can be written without a lock again' : 'was not protected'}\n`,
      )
  })
}

/**
 * Our own pool, as how long is waited for a table has to be set on the connection that waits. The table is handed on with its schema, as the
 * server finds it for whoever asks.
 */
async function withFencepost(
  table: string,
  options: ProtectCommandOptions,
  work: (fp: Fencepost, name: string) => Promise<void>,
): Promise<void> {
  const { url, schema, namespace, wait } = options
  const waitMs = parseDuration(wait, '--wait')
  const target = targetOf(url)
  const { fencepost } = await import('../../index.ts')
  const config = typeof target === 'string' ? { connectionString: target } : target
  const pool = new pg.Pool({
    ...config,
    max: 1,
    application_name: 'fencepost protect',
    connectionTimeoutMillis: 10_000,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it; its types do not say so
    onConnect: (client: pg.ClientBase) => client.query(`set lock_timeout = ${waitMs}`),
  })
  pool.on('error', () => {})
  try {
    await using fp = fencepost(pool, { schema, namespace, migrate: 'off', application: 'fencepost protect' })
    // What the library says of a schema, a pooler or a standby comes before what the table is.
    await fp.protectedTables()
    const { rows } = await pool.query<{ name: string }>(
      `select format('%I.%I', nspname, relname) as name from pg_class
      join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = $1::text::regclass`,
      [table],
    )
    await work(fp, rows[0]?.name ?? table)
  } catch (error) {
    throw explain(error, table, options)
  } finally {
    await pool.end()
  }
}

/** What the server says of the words of the command line, as one line. */
function explain(error: unknown, table: string, { wait }: ProtectCommandOptions): unknown {
  const failure = error as Error & { code?: string; hint?: string; cause?: { code?: string } }
  if (failure.code === '55P03' || failure.cause?.code === '55P03') {
    const why = `${table} is in use: it was not to be had within ${wait}, and nothing was changed; try again, or --wait longer`
    return new CommandError(why, ExitCode.busy, { cause: error })
  }
  // No such table or column, a rule that cannot be, a right that is missing: all of them what was asked for.
  if (/^(42|22|0A|55)/.test(failure.code ?? '') && failure.code !== '42501') {
    const hint = failure.hint === undefined ? '' : `. ${failure.hint}`
    return new CommandError(`${failure.message}${hint}`, ExitCode.usage, { cause: error })
  }
  return error
}

async function protectionOf(fp: Fencepost, name: string): Promise<ProtectedTable | undefined> {
  return (await fp.protectedTables()).find(({ table }) => table === name)
}

async function ask(question: string, { yes = false }: ProtectCommandOptions): Promise<void> {
  if (!(await confirm(visible(question), { yes }))) throw new CommandError('nothing was done', ExitCode.nobody)
}
