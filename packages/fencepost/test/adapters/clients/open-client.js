/**
 * One client, as a program uses it.
 *
 * @typedef {object} OpenClient
 * @property {(work: (tx: any, run: (text: string) => Promise<unknown>) => unknown) => Promise<unknown>} transaction
 * commits when `work` is done, rolls back when it throws; `run` sends a statement the client's own way
 * @property {any[]} outside what this client has that is not in a transaction
 * @property {any[]} [pools] what it has that is not even one connection
 * @property {() => Promise<unknown>} close
 *
 * @typedef {(url: string) => Promise<OpenClient>} Open
 */

export const CLIENTS = [
  'pg',
  'postgres-js',
  'drizzle-node-postgres',
  'drizzle-postgres-js',
  'kysely',
  'knex',
  'prisma',
  'typeorm',
  'typeorm-query-runner',
  'mikro-orm',
  'sequelize',
]

/** @param {string} client @param {string} url @returns {Promise<OpenClient>} */
export async function openClient(client, url) {
  const { open } = await import(new URL(`${client}.js`, import.meta.url).href)
  return await open(url)
}
