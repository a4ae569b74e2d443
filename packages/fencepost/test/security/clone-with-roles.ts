import { fencepost, type Fencepost } from 'fencepost'
import pg from 'pg'
import { cloneDatabase, type Database } from '../support/database.ts'

const ROLES = ['user', 'looker', 'boss', 'nobody'] as const
type Role = (typeof ROLES)[number]

interface WithRoles {
  /** Its roles go with it. */
  readonly database: Database
  /** What migrate said it has made. */
  readonly made: readonly string[] | undefined
  readonly urlOf: (role: Role) => string
  readonly open: (role: Role) => Fencepost
  readonly as: <T>(role: Role, work: (client: pg.Client) => Promise<T>) => Promise<T>
}

/** A database with our roles, and one that may log in for each. @param prefix for roles, which belong to the whole server. */
export async function cloneWithRoles(prefix: string): Promise<WithRoles> {
  const cloned = await cloneDatabase()
  const { admin } = cloned
  await using fp = fencepost(cloned.url)
  const { roles: made } = await fp.migrate({ roles: prefix })
  for (const role of ROLES) await admin.query(`create role ${prefix}_${role} login password 'x'`)
  await admin.query(`
    grant ${prefix}_use to ${prefix}_user;
    grant ${prefix}_inspect to ${prefix}_looker;
    grant ${prefix}_admin to ${prefix}_boss;
    create table effects (who text);
    grant all on effects to ${prefix}_user, ${prefix}_boss`)

  const dispose = async () => {
    const all = [...ROLES, 'admin', 'use', 'inspect'].map((role) => `${prefix}_${role}`)
    await admin.query(all.map((role) => `drop owned by ${role} cascade; drop role ${role}`).join(';'))
    await cloned[Symbol.asyncDispose]()
  }
  const urlOf = (role: Role) => cloned.as(`${prefix}_${role}`, 'x')
  return {
    database: { ...cloned, [Symbol.asyncDispose]: dispose },
    made,
    urlOf,
    open: (role) => fencepost(urlOf(role), { migrate: 'off' }),
    as: (role, work) => asClient(urlOf(role), work),
  }
}

async function asClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
