import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @typedef {import('./read-sql.js').SqlFile} SqlFile */

// With nothing to look names up in, what is not qualified does not load.
const SETUP = `set search_path = ''; set client_min_messages = warning`
const PLPGSQL_CHECK = `
  select format('%s: %s %s', routine.oid::regprocedure, report.level, report.message) as problem
  from pg_catalog.pg_proc routine
  join pg_catalog.pg_language language on language.oid = routine.prolang and language.lanname = 'plpgsql'
  cross join lateral plpgsql_check.plpgsql_check_function_tb(routine.oid) report
  where routine.pronamespace = 'fencepost'::regnamespace
    and routine.prorettype <> 'trigger'::regtype
    and report.level = 'error'`

/**
 * Applies the files to a fresh server as they stand, in the order of an installation.
 *
 * @param {string} root of the workspace whose dev-postgres and driver are used
 * @param {{ migrations: SqlFile[], functions: SqlFile[], views: SqlFile[] }} files
 * @returns {Promise<import('../run/report.js').Findings>}
 */
export async function loadSql(root, files) {
  const entry = join(root, 'packages', 'dev-postgres', 'dist', 'index.js')
  if (!existsSync(entry)) return notLoaded('dev-postgres is not built')
  const { startPostgres } = await import(pathToFileURL(entry).href)
  const server = await startPostgres().catch((/** @type {Error} */ error) => error)
  if (server instanceof Error) return notLoaded(server.message)
  try {
    return await loadInto(server.url, createRequire(join(root, 'packages', 'fencepost', 'package.json'))('pg'), files)
  } finally {
    await server.stop()
  }
}

/** @param {string} reason */
function notLoaded(reason) {
  return { problems: [], notes: [`the SQL was not loaded into a server: ${reason}`] }
}

/** @param {string} url @param {any} pg @param {{ migrations: SqlFile[], functions: SqlFile[], views: SqlFile[] }} files */
async function loadInto(url, pg, { migrations, functions, views }) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(SETUP)
    // A function may name another that comes later in the alphabet, so bodies are looked at only when all are there.
    await client.query('set check_function_bodies = off')
    const problems = await applyAll(client, [...migrations, ...functions, ...views])
    if (problems.length > 0) return { problems, notes: [] }
    await client.query('set check_function_bodies = on')
    const bodies = await applyAll(client, functions)
    return { problems: bodies.length > 0 ? bodies : await checkPlpgsql(client), notes: [] }
  } finally {
    await client.end()
  }
}

/** @param {any} client @param {SqlFile[]} files */
async function applyAll(client, files) {
  const problems = []
  for (const { name, source } of files) {
    try {
      await client.query(source)
    } catch (error) {
      const line = source.slice(0, Number(error.position ?? 1)).split('\n').length
      problems.push(`${name}:${line}: ${error.message} (SQLSTATE ${error.code})`)
    }
  }
  return problems
}

/** @param {any} client @returns {Promise<string[]>} nothing where the extension is not to be had */
async function checkPlpgsql(client) {
  const { rowCount } = await client.query(`select from pg_catalog.pg_available_extensions where name = 'plpgsql_check'`)
  if (rowCount === 0) return []
  await client.query('create schema plpgsql_check; create extension plpgsql_check with schema plpgsql_check')
  const { rows } = await client.query(PLPGSQL_CHECK)
  return rows.map((/** @type {{ problem: string }} */ row) => row.problem)
}
