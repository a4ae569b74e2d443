import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

const FOLDER = new URL('../../sql/', import.meta.url)
// A setting of ours is told by where it stands: in a call that reads or sets it, after "set local", or between doubled quotes, in a message.
const WORD =
  /(?<![\w.]|(?:current_setting|set_config)\('|''|\bset local )fencepost(?=\.)|(?<=\bschema )fencepost\b|(?<=')fencepost(?=')/g

/** The schema our tables and functions live in. The SQL is written for `fencepost`; another name is put in its place. */
export class Schema {
  readonly name: string

  /** @throws {TypeError} unless `name` is lower-case letters, digits and `_`, at most 63, and not PostgreSQL's own. */
  constructor(name = 'fencepost') {
    if (typeof name !== 'string' || !/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name.startsWith('pg_')) {
      throw new TypeError(`schema must match [a-z_][a-z0-9_]* with at most 63 characters, not pg_…; got '${name}'`)
    }
    this.name = name
  }

  /** Leaves alone the word in key prefixes (`fencepost:`) and in names of settings (`fencepost.token`). */
  place(sql: string): string {
    if (this.name === 'fencepost') return sql
    return sql.replace(WORD, (word, at: number) => (sql[at + word.length] === "'" ? this.name : `"${this.name}"`))
  }
}

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
  return (await readSqlFiles()).migrations.at(-1)?.version ?? 0
}

async function readFolder(folder: string): Promise<{ file: string; sql: string }[]> {
  const files = (await readdir(new URL(folder, FOLDER))).filter((file) => file.endsWith('.sql')).toSorted()
  return await Promise.all(
    files.map(async (file) => ({ file, sql: await readFile(new URL(folder + file, FOLDER), 'utf8') })),
  )
}
