import { fencepost } from 'fencepost'
import pg from 'pg'
import type { Effect, Leftovers } from '../history.ts'

const VISIT_MS = 30_000
const GONE_MS = 15_000

/** What the driver of a run does and reads on the server itself. */
export class ServerSide implements AsyncDisposable {
  readonly #url: string
  readonly #pool: pg.Pool

  constructor(url: string) {
    this.#url = url
    this.#pool = new pg.Pool({ connectionString: url, max: 2 })
    this.#pool.on('error', () => {})
  }

  /** The schema, the table of guarded writes, and a counter for each name. */
  async prepare(names: readonly string[]): Promise<void> {
    await using fp = fencepost(this.#url)
    await fp.migrate()
    await this.#pool.query(`
      create table counters (name text primary key, n bigint not null);
      create table effects (
        seq bigserial primary key, id text not null unique, name text not null, token bigint not null, mode text not null,
        n bigint not null
      )`)
    await this.#pool.query('insert into counters select name, 0 from unnest($1::text[]) as name', [names])
  }

  /** Ends one connection of ours of that process. */
  async terminate(life: string): Promise<void> {
    const text = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 order by random() limit 1`
    // A connection of the pool that has not heard of a crash yet fails; then nobody was ended.
    await this.#pool.query(text, [`history ${life} fencepost`]).catch(() => {})
  }

  /** Ends the connections of that application. */
  async terminateAll(application: string): Promise<void> {
    const text = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`
    await this.#pool.query(text, [application])
  }

  /** In the order of the inserts: their numbers come out of a sequence. */
  async effects(): Promise<Effect[]> {
    const { rows } = await this.#pool.query<{ [Column in keyof Effect]: string }>(
      'select id, name, token, mode, n from effects order by seq',
    )
    return rows.map((row) => ({ ...row, token: Number(row.token), n: Number(row.n) }) as Effect)
  }

  async counters(): Promise<Map<string, number>> {
    const { rows } = await this.#pool.query<{ name: string; n: string }>('select name, n from counters')
    return new Map(rows.map(({ name, n }) => [name, Number(n)]))
  }

  /**
   * What is left when nobody holds or waits any more. Tickets of the dead are cleared by who comes next, so each name is
   * locked once before; and the server takes a moment to notice who is dead.
   */
  async leftovers(names: readonly string[]): Promise<Leftovers & { readonly ticketsBefore: number }> {
    const { tickets: before } = await this.#look()
    const unvisited = await this.#visit(names)
    for (const end = performance.now() + GONE_MS; ;) {
      const { tickets, locks } = await this.#look()
      if (tickets.length + locks.length === 0 || performance.now() > end) {
        return { ticketsBefore: before.length, tickets, locks: [...locks, ...unvisited] }
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** How many rows the tables of the library have come to. */
  async tableSizes(): Promise<Record<string, number>> {
    const { rows } = await this.#pool.query<{ name: string; rows: string }>(`
      select 'waiters' as name, count(*) as rows from fencepost.waiters
      union all select 'shared_tokens', count(*) from fencepost.shared_tokens
      union all select 'holders', count(*) from fencepost.holders
      union all select 'sessions', count(*) from fencepost.sessions`)
    return Object.fromEntries(rows.map(({ name, rows: count }) => [name, Number(count)]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }

  async #visit(names: readonly string[]): Promise<string[]> {
    await using fp = fencepost(this.#url, { application: 'history visitor' })
    const visits = names.map(async (name) => {
      try {
        await fp.lock(name, { wait: `${VISIT_MS}ms` }, () => {})
        return []
      } catch (error) {
        return [`${name} cannot be locked: ${String(error)}`]
      }
    })
    return (await Promise.all(visits)).flat()
  }

  /** Session keys are held for as long as a connection of ours lives; everything else belongs to a lock. */
  async #look(): Promise<Leftovers> {
    const tickets = await this.#pool.query<{ text: string }>(
      'select row_to_json(w)::text as text from fencepost.waiters as w',
    )
    const locks = await this.#pool.query<{ text: string }>(`
      select format('key %s (%s) of backend %s, %s', held.key, held.mode, held.backend, activity.application_name) as text
      from fencepost.held_keys() as held left join pg_stat_activity as activity on activity.pid = held.backend
      where held.key not in (select session from fencepost.sessions)
      union all
      -- Of the dead they are not believed; of the living they are, when rings are looked for.
      select format('written down: %s', row_to_json(holder)) from fencepost.holders as holder
      where holder.session in (select key from fencepost.held_keys())`)
    return { tickets: tickets.rows.map(({ text }) => text), locks: locks.rows.map(({ text }) => text) }
  }
}
