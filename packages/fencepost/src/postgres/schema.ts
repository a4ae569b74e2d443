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
