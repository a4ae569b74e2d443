export { type Fencepost, fencepost } from './fencepost.ts'
export type { AnyTransaction } from './adapters/any-transaction.ts'
export * from './adapters/transaction-errors.ts'
export type { FencepostOptions } from './options.ts'
export type {
  AcquiredEvent,
  LockEvents,
  LostEvent,
  RefusedEvent,
  ReleasedEvent,
  WaitingEvent,
} from './events/lock-events.ts'
export * from './election/election-errors.ts'
export type { LeadCall, ObserveCall } from './election/election-calls.ts'
export type { EndedTerm, LeadOptions, LeadWork } from './election/lead-options.ts'
export type { Leader } from './election/observe.ts'
export type { Term } from './election/term.ts'
export { fence } from './fences/fence.ts'
export type { Fenced } from './fences/fenced.ts'
export { type CarriedHeaders, header as fenceHeader } from './fences/header.ts'
export { redis as fenceRedis, type RedisCommand, type RedisFence, type RedisFenceOptions } from './fences/redis.ts'
export { s3 as fenceS3, type S3Commands, type S3Object } from './fences/s3.ts'
export type { Carrier, Verifier, VerifierOptions } from './fences/verifier.ts'
export type { Isolation } from './fencing/guarded-transaction.ts'
export type { Transaction } from './fencing/pooled-transaction.ts'
export type { ProtectedTable, ProtectOptions, Violation } from './fencing/protect.ts'
export {
  lockInTransaction,
  type TransactionLockOptions,
  type TransactionLockPlace,
} from './fencing/lock-in-transaction.ts'
export { key } from './foreign/key.ts'
export { type AdvisoryKey, programOf, type Surroundings } from './foreign/known-keys.ts'
export type { Duration } from './ground/duration.ts'
export type { EvictCall } from './eviction/evict-call.ts'
export type { EvictionReport, EvictOptions } from './eviction/eviction-options.ts'
export * from './ground/errors.ts'
export * from './ground/transaction-errors.ts'
export * from './fencing/protect-errors.ts'
export * from './ground/eviction-errors.ts'
export { FenceHeaderError } from './fences/fence-header-error.ts'
export * from './ground/server-errors.ts'
export * from './once/once-errors.ts'
export type { Migrated, MigrateOnceCall, MigrationWork } from './migrations/migrate-once.ts'
export type { MigrateOnceOptions } from './migrations/migrate-once-options.ts'
export type { OnceCall, ReconcileCall } from './once/once-calls.ts'
export type { OnceRecord, OnceState, Runner } from './once/once-record.ts'
export type { ForeignKey, Lockable } from './ground/foreign-key.ts'
export type { Holder } from './ground/holder.ts'
export { keyOf } from './ground/key.ts'
export type { History, RecordHistoryOptions, StopHistoryOptions } from './history/history.ts'
export type { HistoryEntry } from './inspection/history-entry.ts'
export type { ListHistoryOptions } from './inspection/history-query.ts'
export type { HeldLock, LockSnapshot, PendingLock } from './inspection/lock-snapshot.ts'
export type { Doing, SeenLock, SeenLocks, Sight } from './inspection/survey/seen-lock.ts'
export type { Ask } from './inspection/survey/catalog.ts'
export { type Survey, survey, type SurveyHistoryOptions, type SurveyOptions } from './inspection/survey/survey.ts'
export type { WaitGraph, WaitNode } from './inspection/waits/wait-graph.ts'
export type { Lock, TransactionOptions } from './locks/lock.ts'
export type { JobCount, JobHolder, JobLogLine, JobRecord, JobState } from './jobs/job-record.ts'
export type { Jobs } from './jobs/jobs.ts'
export type { JobLimits, Limited, ListJobsOptions, RedriveOptions } from './jobs/jobs-options.ts'
export type { LockOptions, Reentrant, TryLockOptions } from './locks/lock-options.ts'
export type { LockInTransactionCall, TransactionCall } from './transactions/transaction-calls.ts'
export type { Attempt, LockedTransactionOptions, RetriedWork } from './transactions/retried-transaction.ts'
export type { LockSet } from './locks/lock-set.ts'
export type { Mode } from './ground/mode.ts'
export type {
  OnceInTransactionOptions,
  OnceOptions,
  OnceRun,
  OnceTransactionOptions,
  OnceTransactionWork,
  OnceWork,
} from './once/once-options.ts'
export type { Reconciliation, Settlement, Verdict } from './once/reconcile.ts'
export type { AsStored } from './results/stored-result.ts'
export type { Permit } from './semaphore/permit.ts'
export type { PermitHolder } from './semaphore/read-permits.ts'
export type { Semaphore } from './semaphore/semaphore.ts'
export type { SemaphoreCall } from './semaphore/semaphore-calls.ts'
export * from './semaphore/semaphore-errors.ts'
export type { PermitOptions, SemaphoreOptions, TryPermitOptions } from './semaphore/semaphore-options.ts'
export type { SingleCall } from './single/single-calls.ts'
export * from './single/single-errors.ts'
export type { SingleOptions, SingleRun, SingleWork } from './single/single-options.ts'
export { defineJob } from './queue/define-job.ts'
export type { EnqueueCall, EnqueueManyCall } from './queue/enqueue-calls.ts'
export * from './queue/enqueue-errors.ts'
export type { EnqueueManyOptions, EnqueueOptions } from './queue/enqueue-options.ts'
export type { Enqueued } from './queue/enqueue-statement.ts'
export type { Decision, Job, JobContext, JobKind, RetryOptions, Snooze, StandardSchema } from './queue/job.ts'
export {
  type MigrateOptions,
  type MigrationReport,
  schemaSql,
  schemaState,
  type SchemaState,
} from './postgres/migrate.ts'
export { findPooler, type PoolerReport } from './postgres/pooler.ts'
export type { InTransaction, PoolLike, Queryable } from './postgres/queryable.ts'
export type { CronCall } from './schedule/cron-calls.ts'
export type { CronOptions } from './schedule/cron-options.ts'
export type { Schedule } from './schedule/schedule.ts'
export * from './schedule/schedule-errors.ts'
export type { ScheduleRecord, TickRecord, TickRunner, TickState } from './schedule/schedule-record.ts'
export type { Schedules } from './schedule/schedules.ts'
export type { CronWork, Tick } from './schedule/tick.ts'
export type { Target } from './postgres/target.ts'
export * from './attempts/job-errors.ts'
export type { Worker } from './workers/worker.ts'
export type { AnyJob, WorkerCall } from './workers/worker-calls.ts'
export type { WorkerOptions } from './workers/worker-options.ts'
export type { EnqueuedFlow, EnqueueFlowCall, FlowOptions } from './queue/flow.ts'
export type { WebLock } from './weblocks/web-lock.ts'
export type { WebLockOptions } from './weblocks/web-lock-options.ts'
export type { WebLocks } from './weblocks/web-locks.ts'
export type { Grant, Inspection, LockProvider, Waiting as ProviderWaiting, Wanted } from './providers/lock-provider.ts'
export { type ProvidedLocks, providedLocks, type ProvidedLocksOptions } from './providers/provided-locks.ts'
export { NotFencedError } from './providers/provider-errors.ts'
