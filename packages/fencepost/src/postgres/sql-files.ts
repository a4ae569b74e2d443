import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

const FOLDER = new URL('../../sql/', import.meta.url)

/** A numbered step that changes tables. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** Marked `-- breaking:`: libraries that do not know this step cannot work beside it. */
  readonly breaking: boolean
  readonly sql: string
}

/** The SQL this library brings, as it stands in its package. */
export interface SqlFiles {
  readonly migrations: readonly Migration[]
  /** All functions; created together, as they may call each other. */
  readonly functions: string
  /** Tells one text of the functions from another. */
  readonly fingerprint: string
}

export async function readSqlFiles(): Promise<SqlFiles> {
  const functions = (await readFolder('functions/')).map(({ sql }) => sql).join('\n')
  const migrations = (await readFolder('migrations/')).map(({ file, sql }) => ({
    version: Number.parseInt(file, 10),
    name: file.replace(/^\d+_|\.sql$/g, ''),
    breaking: /^-- breaking:/m.test(sql),
    sql,
  }))
  return { migrations, functions, fingerprint: createHash('sha256').update(functions).digest('hex') }
}

async function readFolder(folder: string): Promise<{ file: string; sql: string }[]> {
  const files = (await readdir(new URL(folder, FOLDER))).filter((file) => file.endsWith('.sql')).toSorted()
  return await Promise.all(
    files.map(async (file) => ({ file, sql: await readFile(new URL(folder + file, FOLDER), 'utf8') })),
  )
}
