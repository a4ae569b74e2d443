import { fencepost } from 'fencepost'
import pg from 'pg'

/**
 * What transactions are measured through. Each client has a row of its own, and where it has a lock, one of its own that it holds
 * all the time.
 *
 * @typedef {object} Writer
 * @property {(work: string, client: number) => Promise<() => Promise<unknown>>} begin makes ready to write for a work; the result writes one row in a transaction
 * @property {() => Promise<unknown>} close
 *
 * @typedef {import('./locker.js').Endpoints} Endpoints
 */

/** One table for each subject, which share nothing but the server. */
export const TABLES = { guarded: 'guarded', protected: 'protected', plain: 'plain' }

/** @param {string} subject @param {Endpoints} endpoints @returns {Promise<Writer>} */
export async function openWriter(subject, { postgres }) {
  return subject === 'fencepost' ? openFenced(postgres) : openPlain(postgres)
}

/** @param {string} url @returns {Writer} */
function openPlain(url) {
  const pools = new Pools(url)
  return { begin: async (_, client) => plainTransaction(pools.open(), TABLES.plain, client), close: () => pools.end() }
}

/** @param {string} url @returns {Writer} */
function openFenced(url) {
  const pools = new Pools(url)
  const fp = fencepost({ connectionString: url, max: 8 }, { application: `bench ${process.pid}` })
  return {
    begin: async (work, client) => {
      const lock = await fp.lock(`${work}:${client}`)
      if (work === 'guard') return () => lock.transaction((tx) => update(tx, TABLES.guarded, client))
      // A program that knows nothing of us but its settings.
      return plainTransaction(pools.open({ options: lock.pgOptions }), TABLES.protected, client)
    },
    close: async () => {
      await fp.close()
      await pools.end()
    },
  }
}

/** Connections are checked out for each transaction, as `lock.transaction` does. */
class Pools {
  /** @type {pg.Pool[]} */
  #pools = []
  #url

  /** @param {string} url */
  constructor(url) {
    this.#url = url
  }

  /** @param {pg.PoolConfig} config */
  open(config = {}) {
    const pool = new pg.Pool({ connectionString: this.#url, max: 8, ...config })
    this.#pools.push(pool)
    return pool
  }

  async end() {
    await Promise.all(this.#pools.map((pool) => pool.end()))
  }
}

/** @param {pg.Pool} pool @param {string} table @param {number} client */
function plainTransaction(pool, table, client) {
  return async () => {
    const connection = await pool.connect()
    try {
      await connection.query('begin')
      await update(connection, table, client)
      await connection.query('commit')
    } finally {
      connection.release()
    }
  }
}

/** @param {import('fencepost').Queryable} tx @param {string} table @param {number} client */
function update(tx, table, client) {
  return tx.query(`update ${table} set balance = balance + 1 where client = $1`, [client])
}
