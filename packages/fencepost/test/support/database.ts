import { startPostgres, type PostgresOptions, type PostgresServer } from '@fencepost/dev-postgres'
import pg from 'pg'
import { inject } from 'vitest'
import { onServer } from './on-server.ts'

/** A database of its own, with the schema in it, and a superuser's pool to look from outside. */
export interface Database extends AsyncDisposable {
  readonly url: string
  readonly name: string
  readonly admin: pg.Pool
  /** The URL of this database for another role. */
  as(role: string, password: string): string
}

let clones = 0

/** A clone of the run's template, dropped when disposed of, whoever is still connected. */
export async function cloneDatabase(template = inject('server').template): Promise<Database> {
  const { url } = inject('server')
  const name = `test_${process.pid}_${++clones}`
  await onServer(url, `create database ${name} template ${template}`)
  const own = Object.assign(new URL(url), { pathname: `/${name}` }).href
  const admin = new pg.Pool({ connectionString: own, max: 5 })
  admin.on('error', () => {})
  return {
    url: own,
    name,
    admin,
    as: (role, password) => Object.assign(new URL(own), { username: role, password }).href,
    async [Symbol.asyncDispose]() {
      await admin.end()
      await onServer(url, `drop database ${name} with (force)`)
    },
  }
}

/** A database without our schema. */
export async function emptyDatabase(): Promise<Database> {
  return await cloneDatabase('template1')
}

/** A server of its own, of the same major as the run's, for tests that crash it; with `data` its folder is kept. */
export async function ownServer(
  settings: Record<string, string> = {},
  data?: string,
  options: PostgresOptions = {},
): Promise<PostgresServer> {
  const { binaries } = inject('server')
  return await startPostgres({
    ...(binaries === undefined ? {} : { binaries }),
    ...(data === undefined ? {} : { data }),
    settings,
    ...options,
  })
}
