import type { Hazard } from './hazard.ts'
import { openTransactions } from './hazards/holders/open-transactions.ts'
import { preparedTransactions } from './hazards/holders/prepared-transactions.ts'
import { replicationSlots } from './hazards/holders/replication-slots.ts'
import { stuckLocks } from './hazards/holders/stuck-locks.ts'
import { deadJobs } from './hazards/jobs/dead-jobs.ts'
import { pausedQueues } from './hazards/jobs/paused-queues.ts'
import { uncertainOnce } from './hazards/jobs/uncertain-once.ts'
import { waitingJobs } from './hazards/jobs/waiting-jobs.ts'
import { clock } from './hazards/server/clock.ts'
import { durability } from './hazards/server/durability.ts'
import { failOver } from './hazards/server/fail-over.ts'
import { notifyQueue } from './hazards/server/notify-queue.ts'
import { pooler } from './hazards/server/pooler.ts'
import { serverVersion } from './hazards/server/server-version.ts'
import { standby } from './hazards/server/standby.ts'
import { urlHints } from './hazards/server/url-hints.ts'
import { connections } from './hazards/settings/connections.ts'
import { inheritedSettings } from './hazards/settings/inherited-settings.ts'
import { lockTable } from './hazards/settings/lock-table.ts'
import { networkLimits } from './hazards/settings/network-limits.ts'
import { invalidIndexes } from './hazards/tables/invalid-indexes.ts'
import { protectedTables } from './hazards/tables/protected-tables.ts'
import { schemaVersion } from './hazards/tables/schema-version.ts'
import { unprotectedTables } from './hazards/tables/unprotected-tables.ts'

/** In the order in which those of one level are told. */
export const HAZARDS: readonly Hazard<unknown>[] = [
  pooler,
  urlHints,
  serverVersion,
  standby,
  stuckLocks,
  openTransactions,
  preparedTransactions,
  lockTable,
  connections,
  notifyQueue,
  schemaVersion,
  protectedTables,
  unprotectedTables,
  waitingJobs,
  deadJobs,
  pausedQueues,
  uncertainOnce,
  inheritedSettings,
  networkLimits,
  invalidIndexes,
  replicationSlots,
  failOver,
  durability,
  clock,
]
