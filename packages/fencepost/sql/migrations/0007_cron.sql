-- Which ticks a schedule has had, and what became of them, has to outlive every crash: one that is forgotten would be run again.

create table fencepost.schedules (
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  -- As the process has it that declared it last; all others go by this, too.
  expression text not null,
  tz text not null,
  missed text not null check (missed in ('skip', 'latest', 'all')),
  overlap text not null check (overlap in ('skip', 'queue', 'allow')),
  lost text not null check (lost in ('skip', 'retry')),
  -- How many ticks that are over are kept.
  history integer not null check (history between 1 and 10000),
  -- Rises with each change of what was declared.
  revision integer not null default 1,
  declared_at timestamptz not null,
  application text not null,
  host text not null,
  process integer not null,
  -- Every tick up to here has its row. It never goes back, whatever a clock does.
  settled_until timestamptz not null,
  -- The first tick after that. Null: nobody has found out yet. Infinity: there is none.
  next_at timestamptz,
  -- Since it was first declared.
  missed_ticks bigint not null default 0,
  skipped_ticks bigint not null default 0,
  paused_at timestamptz,
  paused_by text,
  primary key (namespace, name),
  constraint schedules_paused_by_somebody check ((paused_at is null) = (paused_by is null))
) with (fillfactor = 70);

create table fencepost.schedule_ticks (
  id bigint generated always as identity primary key,
  namespace text not null,
  name text not null,
  scheduled_at timestamptz not null,
  -- Asked for by run_schedule.
  is_manual boolean not null default false,
  -- queued: due. running: begun. lost: begun, and whoever ran it is gone. missed, skipped: never run. src/schedule/scheduler.ts draws how they follow.
  state text not null check (state in ('queued', 'running', 'done', 'failed', 'lost', 'missed', 'skipped')),
  attempt integer not null default 0 check (attempt >= 0),
  -- The same for all attempts.
  idempotency_key uuid not null default gen_random_uuid(),
  -- Of the last attempt: its fencing token, the advisory key that is held for as long as it lives, and who ran it.
  token bigint,
  token_key bigint,
  application text,
  host text,
  process integer,
  started_at timestamptz,
  ended_at timestamptz,
  -- Whether a transaction of the tick was committed: it is not run again then.
  has_committed boolean not null default false,
  error text,
  -- Two replicas never have one tick each.
  constraint schedule_ticks_once unique (namespace, name, scheduled_at),
  constraint schedule_ticks_begun_by_somebody check ((attempt = 0) = (token is null or token_key is null or started_at is null)),
  constraint schedule_ticks_running_are_begun check (state <> 'running' or (attempt > 0 and ended_at is null)),
  constraint schedule_ticks_over check ((ended_at is null) = (state in ('queued', 'running')))
) with (fillfactor = 70);

create index schedule_ticks_live on fencepost.schedule_ticks (namespace, name, scheduled_at) where state in ('queued', 'running');
