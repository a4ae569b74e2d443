import { frozenHolder } from './plays/frozen-holder.js'
import { leakingPooler } from './plays/leaking-pooler.js'
import { stuckMigration } from './plays/stuck-migration.js'
import { stuckQueue } from './plays/stuck-queue.js'
import { waitingForEachOther } from './plays/waiting-for-each-other.js'
import { PGBOUNCER } from './pgbouncer.js'
import { psqlPath, Stage } from './stage.js'

/** @typedef {(stage: Stage) => Promise<void>} Play */

/** @type {Readonly<Record<string, Play>>} */
const PLAYS = {
  'stuck-migration': stuckMigration,
  'leaking-pooler': leakingPooler,
  'frozen-holder': frozenHolder,
  'waiting-for-each-other': waitingForEachOther,
  'stuck-queue': stuckQueue,
}

/** What is not installed here that the plays need; null: nothing. */
export async function whyNot() {
  if (process.platform === 'win32') return 'the incidents freeze a process with SIGSTOP, which Windows does not have'
  if (psqlPath === undefined) return 'the incidents need psql (Debian: apt-get install postgresql-client)'
  return PGBOUNCER === undefined ? 'the incidents need PgBouncer (Debian: apt-get install pgbouncer)' : null
}

/**
 * Every incident, each on a server of its own.
 *
 * @returns {Promise<Map<string, string>>} what was typed and answered, by name
 */
export async function playAll() {
  /** @type {Map<string, string>} */
  const transcripts = new Map()
  for (const [name, play] of Object.entries(PLAYS)) {
    const stage = await Stage.open()
    try {
      await play(stage)
      transcripts.set(name, stage.transcript.trim())
    } finally {
      await stage.close()
    }
  }
  return transcripts
}
