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
  /** All functions, created together as they may call each other, and after them the views that show what they return. */
  readonly functions: string
  /** Tells one text of the functions from another. */
  readonly fingerprint: string
}

export async function readSqlFiles(): Promise<SqlFiles> {
  const replaced = [...(await readFolder('functions/')), ...(await readFolder('views/'))]
  const functions = replaced.map(({ sql }) => sql).join('\n')
  const migrations = (await readFolder('migrations/')).map(({ file, sql }) => ({
    version: Number.parseInt(file, 10),
    name: file.replace(/^\d+_|\.sql$/g, ''),
    breaking: /^-- breaking:/m.test(sql),
    sql,
  }))
  return { migrations, functions, fingerprint: createHash('sha256').update(functions).digest('hex') }
}

/** Of the newest step this library brings. */
export async function newestVersion(): Promise<number> {
  return newest(await readSqlFiles())
}

export function newest({ migrations }: SqlFiles): number {
  return migrations.at(-1)?.version ?? 0
}

export async function libraryVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function readFolder(folder: string): Promise<{ file: string; sql: string }[]> {
  const files = (await readdir(new URL(folder, FOLDER))).filter((file) => file.endsWith('.sql')).toSorted()
  return await Promise.all(
    files.map(async (file) => ({ file, sql: await readFile(new URL(folder + file, FOLDER), 'utf8') })),
  )
}
