-- What was begun under a once-key, and how it ended, has to outlive every crash: unlike locks, it is logged.

create table fencepost.once_keys (
  namespace text not null check (strpos(namespace, ':') = 0),
  key text not null,
  -- running: begun, and uncertain as soon as its runner no longer holds its token. uncertain: whether it was done is not known.
  -- retry: somebody said that the next call is to run it again. src/once/once.ts draws how they follow each other.
  state text not null check (state in ('running', 'done', 'failed', 'uncertain', 'retry')),
  attempt integer not null default 1 check (attempt > 0),
  -- The same for all attempts, so that a provider who has seen it does nothing twice.
  idempotency_key uuid not null default gen_random_uuid(),
  -- Of the last attempt: the token of its lock, which is good as long as it is held, and who ran it.
  token bigint not null,
  application text not null,
  host text not null,
  process integer not null,
  -- Null where nothing was returned, or what was returned could not be stored: error says why then.
  result jsonb,
  error text,
  started_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  -- Null: kept for ever. What is not settled never expires.
  expires_at timestamptz,
  primary key (namespace, key),
  constraint once_keys_settled check ((settled_at is null) = (state in ('running', 'uncertain'))),
  constraint once_keys_only_done_has_a_result check (result is null or state = 'done'),
  constraint once_keys_only_what_ended_expires check (expires_at is null or state in ('done', 'failed'))
) with (fillfactor = 80);

create index once_keys_unsettled on fencepost.once_keys (namespace, started_at, key) where state in ('running', 'uncertain');
create index once_keys_expiring on fencepost.once_keys (expires_at) where expires_at is not null;
