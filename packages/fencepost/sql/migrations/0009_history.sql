-- What became of locks: written by those who hold them, for names it is asked for, and nothing for any other.

create table fencepost.history_names (
  -- Both are empty, which no name is, for all names of all namespaces.
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null check (octet_length(name) <= 1024),
  keep interval not null constraint history_is_kept_for_a_while check (keep >= '1 s'),
  recorded_since timestamptz not null default clock_timestamp(),
  primary key (namespace, name),
  check ((namespace = '') = (name = ''))
);

-- Logged, as what is asked about is most often what was before a crash.
create table fencepost.history_entries (
  id bigint generated always as identity primary key,
  what text not null check (what in ('holding', 'refused', 'evicted')),
  namespace text not null,
  name text not null,
  mode text check (mode in ('exclusive', 'shared')),
  token bigint,
  application text,
  host text,
  process integer,
  -- Of the process that writes, and of the holding among those of that process: what has begun is found again when it ends.
  recorder bigint,
  holding bigint,
  began_at timestamptz not null,
  -- Null while it is held, and for a holder that died and could not tell.
  ended_at timestamptz,
  ending text check (ending in ('released', 'lost')),
  cause text,
  constraint history_entries_of_holdings unique (recorder, holding),
  check ((what = 'holding') = (holding is not null))
);

create index history_entries_by_name on fencepost.history_entries (namespace, name, id);
