-- Semaphores: a permit is a lock on one of n names, so all that is written down is how many there are. And results that callers share.

-- How many permits a semaphore has, in the words of who uses it. Believed while the session that said so lives, or a permit is held or
-- waited for; unlogged, as none of that outlives a crash.
create unlogged table fencepost.semaphores (
  -- Of its line.
  key bigint primary key,
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  permits integer not null check (permits between 1 and 1000),
  -- The number that this one replaces: who still says it is served too, while a deploy rolls.
  replaced integer check (replaced between 1 and 1000),
  -- Of the permits, by their numbers.
  keys bigint[] not null check (cardinality(keys) = greatest(permits, replaced)),
  session bigint not null
) with (fillfactor = 80);

-- What callers of fp.single share. Unlogged: it can be computed again, so a crash may take it, and it costs no WAL.
create unlogged table fencepost.single_results (
  namespace text not null check (strpos(namespace, ':') = 0),
  key text not null,
  -- Of the lock under which it was computed: whoever saw a smaller one, or none, has waited for this.
  token bigint not null,
  -- As it was returned; null where nothing was.
  result json,
  -- Null unless it threw.
  error text,
  application text not null,
  host text not null,
  process integer not null,
  computed_at timestamptz not null default clock_timestamp(),
  -- Until then it is given to whoever comes.
  expires_at timestamptz not null,
  primary key (namespace, key),
  constraint single_results_only_one check (result is null or error is null)
) with (fillfactor = 80);

create index single_results_expiring on fencepost.single_results (expires_at);
