import type { Ask, Survey } from '../../index.ts'

/**
 * How the database is looked at: each look is a short read-only transaction of its own, so that nothing is left behind, not even a setting behind a
 * pooler, and one that is refused does not end the others. `fencepost.` in a statement is our schema's name.
 */
export class Look {
  readonly #survey: Survey

  constructor(survey: Survey) {
    this.#survey = survey
  }

  /** One query, whose rows come as JSON has them. */
  async ask<Row>(query: string): Promise<Row[]> {
    return await this.#survey.read((ask) => askRows<Row>(ask, query))
  }

  /** What needs several in one transaction. */
  async through<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    return await this.#survey.read(work)
  }
}

/** A connection of ours leaves most types as texts: its rows are read by few, and known. */
export async function askRows<Row>(ask: Ask, query: string): Promise<Row[]> {
  const rows = await ask<{ json: string }>(`select to_json(looked)::text as json from (${query}) as looked`)
  return rows.map(({ json }) => JSON.parse(json) as Row)
}
