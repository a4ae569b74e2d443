import { localInstallations, startPostgres } from '@fencepost/dev-postgres'
import pg from 'pg'
import { ScriptError } from '../../scripts/run/script-error.js'

/** What npm brings. */
const FROM_NPM = 18
// Throw-away servers have these off; what is measured has them as everybody has.
const DURABLE = { fsync: 'on', full_page_writes: 'on' }
const DATABASE = 'bench'

/**
 * A server of our own and the database in it that is measured. We look on from another database, so that
 * our looking is not counted.
 */
export class Postgres {
  /** @readonly of the database that is measured */
  url
  #server
  #onlooker

  /** @param {import('@fencepost/dev-postgres').PostgresServer} server @param {pg.Client} onlooker */
  constructor(server, onlooker) {
    this.#server = server
    this.#onlooker = onlooker
    this.url = Object.assign(new URL(server.url), { pathname: `/${DATABASE}` }).href
  }

  get version() {
    return this.#server.version
  }

  get settings() {
    return `${Object.keys(DURABLE).join(' and ')} on, default otherwise`
  }

  /** Looks on. @param {string} text @returns {Promise<any[]>} */
  async look(text) {
    const { rows } = await this.#onlooker.query(text)
    return rows
  }

  /** A connection to the database that is measured. */
  async connect() {
    const client = new pg.Client({ connectionString: this.url, application_name: 'onlooker' })
    client.on('error', () => {})
    await client.connect()
    return client
  }

  async end() {
    await this.#onlooker.end().catch(() => {})
    await this.#server.stop()
  }
}

/**
 * @param {number | null} major null: the one from npm
 * @throws {ScriptError} if there is none of this major here
 */
export async function startPostgresServer(major) {
  const server = await startPostgres({ ...binariesOf(major ?? FROM_NPM), settings: DURABLE })
  const onlooker = new pg.Client({ connectionString: server.url })
  onlooker.on('error', () => {})
  await onlooker.connect()
  await onlooker.query(`create database ${DATABASE}`)
  return new Postgres(server, onlooker)
}

/** @param {number} major */
function binariesOf(major) {
  if (major === FROM_NPM) return {}
  const local = localInstallations()
  const found = local.find((installation) => installation.major === major)
  if (found !== undefined) return { binaries: found.binaries }
  const there = local.map((installation) => installation.major).join(', ') || 'none'
  throw new ScriptError(`--postgres ${major}: not installed here; ${FROM_NPM} comes from npm, and installed: ${there}`)
}
