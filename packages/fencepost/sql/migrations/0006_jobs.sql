-- Jobs are facts: logged, and there from the commit that enqueues them to the commit that finishes them. src/queue/job-state.ts draws the states.

create table fencepost.jobs (
  -- With room in its index for what a claim adds beside each: splitting pages cost a claim a twentieth more.
  id bigint generated always as identity primary key with (fillfactor = 50),
  -- "<namespace>:<queue>" in any other namespace than default.
  queue text not null,
  -- What no index can hold would fail the claims, and not who enqueued it.
  name text not null check (length(name) between 1 and 200),
  -- ready: to be claimed now. delayed: not before run_at. waiting: for its children. running: claimed by a session.
  state text not null check (state in ('ready', 'delayed', 'waiting', 'running')),
  -- Smaller runs first, and of equals the one that was enqueued first.
  priority integer not null default 0,
  payload jsonb not null,
  run_at timestamptz not null,
  enqueued_at timestamptz not null default clock_timestamp(),
  -- How many times it has been claimed, and how many times it may be.
  attempt integer not null default 0 check (attempt >= 0),
  attempts integer not null default 5 check (attempts > 0),
  -- Of the attempt that runs. The token rises with each claim; whoever brings another one no longer has the job.
  token bigint,
  session bigint,
  claimed_at timestamptz,
  -- How many times a worker died that had it. Such a job runs as the only one of its kind on a worker, so that it cannot take others with it.
  crashes integer not null default 0 check (crashes >= 0),
  -- Whether it may be claimed without a look at any other job: it has no group, no limit, and has crashed nobody.
  is_plain boolean not null default true,
  key text,
  group_key text check (octet_length(group_key) between 1 and 512),
  parent bigint,
  children integer not null default 0 check (children >= 0),
  -- For how long it is remembered once it is done. Null: not at all.
  keep interval,
  progress jsonb,
  error text,
  constraint jobs_running_are_claimed check ((state = 'running') = (token is not null and session is not null and claimed_at is not null)),
  constraint jobs_waiting_have_children check (state <> 'waiting' or children > 0)
);

-- A job goes through each of these once, so what is dead in them is behind the place where a worker goes on (its watermark).
create index jobs_ready on fencepost.jobs (queue, priority, id) where state = 'ready' and is_plain;
create index jobs_careful on fencepost.jobs (queue, priority, id) where state = 'ready' and not is_plain;
create index jobs_delayed on fencepost.jobs (run_at) where state = 'delayed';
-- By what rises: a claim whose keys were all alike took a third longer.
create index jobs_running on fencepost.jobs (session, token) where state = 'running';
create index jobs_waiting on fencepost.jobs (queue, name) where state = 'waiting';
create index jobs_keyed on fencepost.jobs (name, key) where key is not null;
-- Those that take up room in their group: running, or between two attempts.
create index jobs_grouped on fencepost.jobs (queue, group_key)
  where group_key is not null and (state = 'running' or (state = 'delayed' and attempt > 0));
-- The first of each lane, which is a group or, without one, a name: what is behind a first one that may not run needs no look.
create index jobs_lanes on fencepost.jobs (queue, hashtextextended(coalesce('group:' || group_key, 'job:' || name), 0), priority, id)
  where state = 'ready' and not is_plain;
create index jobs_limited on fencepost.jobs (name) where state = 'running' and not is_plain;
create index jobs_crashed on fencepost.jobs (session) where state = 'running' and crashes > 0;
create index jobs_of_parents on fencepost.jobs (parent) where parent is not null;

create table fencepost.finished_jobs (
  id bigint primary key,
  queue text not null,
  name text not null,
  -- dead: out of attempts, or given up; it can be redriven.
  state text not null check (state in ('done', 'dead', 'cancelled')),
  priority integer not null,
  payload jsonb not null,
  enqueued_at timestamptz not null,
  finished_at timestamptz not null default clock_timestamp(),
  -- Null: for ever.
  expires_at timestamptz,
  attempt integer not null,
  attempts integer not null,
  crashes integer not null,
  key text,
  group_key text,
  parent bigint,
  keep interval,
  result jsonb,
  error text,
  constraint finished_jobs_only_done_have_a_result check (result is null or state = 'done')
);

create index finished_jobs_expiring on fencepost.finished_jobs (expires_at) where expires_at is not null;
create index finished_jobs_dead on fencepost.finished_jobs (queue, name, id) where state = 'dead';
create index finished_jobs_of_parents on fencepost.finished_jobs (parent) where parent is not null;

-- A queue needs no row to be used.
create table fencepost.queues (
  queue text primary key,
  paused_at timestamptz,
  paused_by text
);

-- How many may run at once, and how many may begin in an interval, over all workers.
create table fencepost.job_limits (
  scope text not null check (scope in ('queue', 'job', 'group')),
  -- Of a queue or a job: its name. Of the groups of a queue: the name of the queue; one at a time where there is no row.
  name text not null,
  concurrency integer check (concurrency > 0),
  rate integer check (rate > 0),
  per interval check (per > interval '0'),
  primary key (scope, name),
  constraint job_limits_have_rates_per_interval check ((rate is null) = (per is null))
);

-- What began under a rate, one row a claim. Only added to and read from its new end: a counter would leave a dead version with each claim, and
-- while somebody's snapshot keeps those, every look at it goes through all of them.
create table fencepost.job_starts (
  scope text not null,
  name text not null,
  -- Empty but for a group.
  group_key text not null,
  begun_at timestamptz not null,
  jobs integer not null check (jobs > 0),
  expires_at timestamptz not null
);

create index job_starts_latest on fencepost.job_starts (scope, name, group_key, begun_at);
create index job_starts_expiring on fencepost.job_starts (expires_at);

-- Until when no other job of this name and key is enqueued, whether the one that was runs, waits or is done.
create table fencepost.job_windows (
  name text not null,
  key text not null,
  until timestamptz not null,
  job bigint not null,
  primary key (name, key)
) with (fillfactor = 80);

create index job_windows_over on fencepost.job_windows (until);

create table fencepost.job_logs (
  id bigint generated always as identity primary key,
  job bigint not null,
  attempt integer not null,
  logged_at timestamptz not null default clock_timestamp(),
  line text not null
);

create index job_logs_of_jobs on fencepost.job_logs (job, id);

-- Who works. Logged, so that after a crash of the server it is known whose jobs are nobody's. Believed only while the session lives.
create table fencepost.workers (
  session bigint primary key,
  queues text[] not null,
  concurrency integer not null,
  application text not null,
  host text not null,
  process integer not null,
  started_at timestamptz not null default clock_timestamp()
);
