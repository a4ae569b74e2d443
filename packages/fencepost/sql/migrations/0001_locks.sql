-- A name keeps one row, so that its token outlives every holder and the database itself can refuse a stale one.

do $$
begin
  -- "create schema if not exists" asks for the right to create even where the schema stands already.
  if to_regnamespace('fencepost') is null then
    create schema fencepost;
  end if;
end
$$;

create table fencepost.migrations (
  version integer primary key check (version > 0),
  name text not null,
  -- What a library older than this step cannot live with; one that does not know better must assume the worst.
  breaking boolean not null default true,
  applied_at timestamptz not null default clock_timestamp()
);

-- Functions have one current text; the last row says which library's it is.
create table fencepost.installations (
  installation integer generated always as identity primary key,
  library text not null,
  functions text not null,
  installed_at timestamptz not null default clock_timestamp()
);

-- The high half of every token: logged, raised before rows of the unlogged table may have vanished unseen.
create table fencepost.epochs (
  epoch bigint primary key constraint epochs_fit_a_token check (epoch between 1 and 2097151),
  timeline bigint not null check (timeline > 0),
  reason text not null,
  raised_at timestamptz not null default clock_timestamp()
);

-- Unlogged: a crash and a promotion empty it, exactly when the advisory locks it describes are gone as well.
-- The row of namespace '' is the boot marker: while it stands, nothing has emptied the table since.
create unlogged table fencepost.locks (
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  token bigint not null constraint locks_token_is_safe check (token between 0 and 9007199254740991),
  mode text not null default 'exclusive' check (mode in ('exclusive', 'shared')),
  session bigint,
  backend integer not null default pg_backend_pid(),
  acquired_at timestamptz not null default clock_timestamp(),
  primary key (namespace, name)
) with (fillfactor = 50);

-- Who a session is. Believed only while somebody holds the advisory lock on its key.
create unlogged table fencepost.sessions (
  session bigint primary key,
  application text not null,
  host text not null,
  process integer not null,
  backend integer not null default pg_backend_pid(),
  opened_at timestamptz not null default clock_timestamp()
);
