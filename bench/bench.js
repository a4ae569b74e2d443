import { writeFileSync } from 'node:fs'
import { Endings } from './endings.js'
import { Interruption, unlessInterrupted } from './interruption.js'
import { peersWanting } from './peers/peers-wanting.js'
import { settings } from './queues/settings.js'
import { benchPage } from './report/page.js'
import { chapterOf, reportOf } from './report/report.js'
import { printTable } from './report/table.js'
import { startPostgresServer } from './servers/postgres.js'
import { DEFAULTS, IN_MEMORY, startRedis } from './servers/redis.js'
import { Site } from './site.js'

/**
 * @typedef {import('./arguments.js').Wanted} Wanted
 * @typedef {import('./suites.js').Figure} Figure
 */

/** One alone, and five for redlock. */
const REDIS_SERVERS = 6

/**
 * Measures what is wanted and prints it.
 *
 * @param {Wanted} wanted
 * @returns {Promise<number>} the exit code: 1 if something could not be measured, whatever the figures are
 */
export async function bench(wanted) {
  const endings = new Endings()
  try {
    return await unlessInterrupted(measureAll(wanted, endings))
  } catch (error) {
    if (!(error instanceof Interruption)) throw error
    await endings.all()
    process.stderr.write(`bench: ${error.message}\n`)
    // What was under way is of no use to anybody, and would hold the process up.
    process.exit(error.exitCode)
  } finally {
    await endings.all()
  }
}

/** @param {Wanted} wanted @param {Endings} endings */
async function measureAll(wanted, endings) {
  const startedAt = new Date()
  /** @type {import('./report/report.js').Chapter[]} */
  const chapters = []
  let failed = 0
  for (const part of wanted.parts) {
    const measured = await measure(part, wanted, endings)
    failed += measured.failed
    chapters.push(measured.chapter)
    // At once: an hour of measuring should outlive what comes after.
    const report = reportOf(chapters, { startedAt, wanted })
    if (wanted.json !== null && wanted.isReport) writeFileSync(wanted.json, `${JSON.stringify(report, null, 2)}\n`)
    if (wanted.html !== null) writeFileSync(wanted.html, benchPage(report))
    // The next part has servers of its own.
    if (part !== wanted.parts.at(-1)) await endings.now()
  }
  return failed > 0 ? 1 : 0
}

/** @param {import('./arguments.js').Part} part @param {Wanted} wanted @param {Endings} endings */
async function measure({ suite, works: chosen, subjects: asked }, wanted, endings) {
  const needed = asked.filter((subject) => chosen.some(({ subjects }) => subjects.includes(subject)))
  const { left, notes } = await peersWanting(needed)
  const subjects = needed.filter((subject) => !left.includes(subject))
  const servers = await startServers(wanted, subjects, endings)
  const site = new Site(wanted, servers, endings)

  /** @type {Figure[]} */
  const figures = []
  for (const note of notes) site.say(note)
  let failed = 0
  for (const work of chosen) {
    const among = work.subjects.filter((subject) => subjects.includes(subject))
    if (among.length === 0) continue
    site.say(`${work.name}: ${among.join(', ')}`)
    notes.push(...(work.notes?.(among) ?? []))
    try {
      figures.push(...(await work.measure(site, among)))
    } catch (error) {
      // The others would only fail alike.
      if (endings.isOver) throw error
      failed++
      notes.push(`${work.name} failed: ${error.message}`)
      site.say(error.stack)
    }
    // At once: an hour of measuring should outlive what comes after.
    if (wanted.json !== null && !wanted.isReport) writeFileSync(wanted.json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  const targets = chosen.flatMap((work) => work.targets)
  const about = { servers: servers.versions, notes: [...new Set(notes)] }
  printTable(figures, targets, about)
  return { failed, chapter: chapterOf(suite, figures, targets, about) }
}

/** @param {Wanted} wanted @param {string[]} subjects @param {Endings} endings */
async function startServers(wanted, subjects, endings) {
  const postgres = await startPostgresServer(wanted.postgres)
  endings.add(() => postgres.end())
  const versions = [`PostgreSQL ${postgres.version} (${postgres.settings})`]
  const redis = await startRedisServers(subjects, endings)
  if (redis.version !== '') versions.push(`Redis ${redis.version}`)
  return { postgres, versions, endpoints: { postgres: postgres.url, redis: redis.ports, bullmq: redis.bullmq } }
}

/** @param {string[]} subjects @param {Endings} endings */
async function startRedisServers(subjects, endings) {
  const isForLocks = subjects.includes('redis') || subjects.includes('redlock')
  const own = /** @type {const} */ (['bullmq', 'bullmq always']).filter((subject) => subjects.includes(subject))
  const wanted = [
    ...(isForLocks ? Array.from({ length: REDIS_SERVERS }, () => IN_MEMORY) : []),
    ...own.map((subject) => [...DEFAULTS, ...settings[subject].redis]),
  ]
  if (wanted.length === 0) return { ports: [], bullmq: {}, version: '' }
  const { ports, version } = await startRedis(wanted, endings)
  const [forLocks, forQueues] = [ports.slice(0, ports.length - own.length), ports.slice(ports.length - own.length)]
  return { ports: forLocks, bullmq: Object.fromEntries(own.map((subject, i) => [subject, forQueues[i]])), version }
}
