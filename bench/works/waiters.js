import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '../report/figures.js'
import { show } from '../report/show.js'
import { countInversions } from './count-inversions.js'

/**
 * @typedef {import('../site.js').Site} Site
 * @typedef {import('../suites.js').Figure} Figure
 */

const PROCESSES = 4
const WAITERS = { full: 10_000, quick: 1000 }
const ARRIVE_MS = { full: 5000, quick: 1000 }
const LIMIT_MS = { full: 300_000, quick: 60_000 }
const LOOK_MS = 50
const TOLD_WITHIN_MS = 5000
const MIB = 1024 * 1024

/** @type {import('../suites.js').Work} A crowd that waits for one name, out of four processes: are all served, and in what order? */
export const waiters = {
  name: 'waiters',
  subjects: ['fencepost'],
  targets: [
    { work: 'waiters: unserved', atMost: 0 },
    { work: 'waiters: inversions within', atMost: 0 },
    { work: 'waiters: inversions across', atMost: 1 },
    { work: 'waiters: connections', atMost: 5 },
  ],
  measure: async (site, [subject = 'fencepost']) => {
    /** @type {Map<string, { unit: string, values: number[] }>} */
    const all = new Map()
    const rounds = site.rounds({ full: 1, quick: 1, brief: 1 })
    for (let i = 1; i <= rounds; i++) {
      for (const [work, value, unit] of await serve(site, subject)) {
        site.say(`${work}: ${show(value)} ${unit}`)
        const figure = all.get(work) ?? { unit, values: [] }
        figure.values.push(value)
        all.set(work, figure)
      }
    }
    return [...all].map(([work, { unit, values }]) => figureOf({ work, subject, unit }, values))
  },
}

/**
 * @param {Site} site
 * @param {import('../suites.js').Subject} subject
 * @returns {Promise<[work: string, value: number, unit: string][]>}
 */
async function serve(site, subject) {
  const [holder, ...processes] = await site.start(subject, PROCESSES + 1)
  // Connected, so that what grows is due to the waiters.
  for (const process of processes) await process.call('take', 0).then(() => process.call('letGo'))
  const before = await transactions(site)
  const looking = lookForConnections(
    site,
    processes.map(({ pid }) => pid),
  )

  await holder?.call('hold')
  await Promise.all(
    processes.map((process) => process.call('arrive', site.pick(WAITERS) / PROCESSES, site.pick(ARRIVE_MS))),
  )
  site.say(`waiters: ${site.pick(WAITERS)} wait`)
  await holder?.end()
  const from = performance.now()
  const served = await Promise.all(processes.map((process) => process.call('served', site.pick(LIMIT_MS))))
  const seconds = (performance.now() - from) / 1000

  const connections = await looking.most()
  await Promise.all(processes.map((process) => process.end()))
  return figures({ served, seconds, connections, transactions: (await transactions(site)) - before })
}

/**
 * @param {{ served: { waiters: import('./count-inversions.js').Waiter[], grownBytes: number }[], seconds: number, connections: number, transactions: number }} seen
 * @returns {[work: string, value: number, unit: string][]}
 */
function figures({ served, seconds, connections, transactions: sent }) {
  const all = served.map((process) => process.waiters)
  const granted = all.flat().filter(({ grantedAt }) => grantedAt !== null).length
  const { within, across } = countInversions(all)
  return [
    ['waiters', granted / seconds, 'grants/s'],
    ['waiters: unserved', all.flat().length - granted, 'waiters'],
    ['waiters: inversions within', within, 'grants'],
    ['waiters: inversions across', (across / granted) * 100, '%'],
    ['waiters: connections', connections, 'a process'],
    ['waiters: memory', Math.max(...served.map(({ grownBytes }) => grownBytes)) / MIB, 'MiB a process'],
    ['waiters: transactions', sent / granted, 'a grant'],
  ]
}

/**
 * The transactions that the server has counted. A session tells what it did at its end, or up to a second later.
 *
 * @param {Site} site
 */
async function transactions(site) {
  const sessions = `select max(state_change) < clock_timestamp() - interval '1.5 s' as told
    from pg_stat_activity where datname = 'bench'`
  const end = performance.now() + TOLD_WITHIN_MS
  while (performance.now() < end) {
    const [{ told }] = await site.postgres.look(sessions)
    if (told !== false) break
    await delay(LOOK_MS)
  }
  const text = `select (xact_commit + xact_rollback)::float8 as count from pg_stat_database where datname = 'bench'`
  const [{ count }] = await site.postgres.look(text)
  return count
}

/** Looks for how many connections one of the processes has at most. @param {Site} site @param {number[]} pids */
function lookForConnections(site, pids) {
  const names = pids.map((pid) => `'bench ${pid} fencepost'`)
  const text = `select coalesce(max(count), 0)::integer as most from (select count(*) from pg_stat_activity
    where application_name in (${names.join(', ')}) group by application_name) as counts`
  const over = new AbortController()
  const looking = look()
  // Told to whoever asks for the most.
  looking.catch(() => {})

  async function look() {
    let seen = 0
    while (!over.signal.aborted) {
      const [{ most }] = await site.postgres.look(text)
      seen = Math.max(seen, most)
      await delay(LOOK_MS)
    }
    return seen
  }

  return {
    most: async () => {
      over.abort()
      return await looking
    },
  }
}
