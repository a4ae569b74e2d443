import { fencepost } from 'fencepost'
import { TABLES } from '../peers/writer.js'
import { interleave } from './interleave.js'

const CLIENTS = 8
const ROUNDS = { full: 25, quick: 7 }
const ROUND_MS = { full: 1000, quick: 400 }

/**
 * One-row updates by 8 clients at once, each of its own row, under a lock of its own where there is one.
 *
 * @param {import('../site.js').Site} site
 * @param {import('../suites.js').Subject[]} subjects
 * @param {string} work
 */
export async function writeTransactions(site, subjects, work) {
  await makeTables(site)
  return await interleave(site, subjects, {
    work,
    unit: 'tx/s',
    rounds: site.rounds(ROUNDS),
    processes: 1,
    part: 'writer',
    round: async ([process]) => await process?.call('transactions', work, CLIENTS, site.pick(ROUND_MS)),
  })
}

/** @param {import('../site.js').Site} site */
async function makeTables(site) {
  const client = await site.postgres.connect()
  for (const table of Object.values(TABLES)) {
    // Room on the page, so that an update stays on it whatever vacuum does.
    await client.query(`drop table if exists ${table};
      create table ${table} (client integer primary key, balance bigint not null) with (fillfactor = 10);
      insert into ${table} select n, 0 from generate_series(0, ${CLIENTS - 1}) as n`)
  }
  await client.end()
  const fp = fencepost(site.endpoints.postgres)
  await fp.protect(TABLES.protected, 'protect:{client}')
  await fp.close()
}
