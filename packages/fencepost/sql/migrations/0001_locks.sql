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

-- The high half of every token: logged, and on disk before the first token of the epoch is shown.
create table fencepost.epochs (
  epoch bigint primary key constraint epochs_fit_a_token check (epoch between 1024 and 2097151),
  timeline bigint not null check (timeline > 0),
  reason text not null,
  raised_at timestamptz not null default clock_timestamp()
);

-- One sequence for all names: tokens rise in the order of the grants and none is handed out twice, whatever rolls back.
-- Unlogged: a crash and a promotion set it back below every epoch, which next_token notices.
do $$
begin
  if current_setting('server_version_num')::integer >= 150000 then
    -- dynamic: older servers cannot parse it; theirs is logged and noticed by the boot marker alone.
    execute 'create unlogged sequence fencepost.tokens';
  else
    create sequence fencepost.tokens;
  end if;
end
$$;

-- One row, the boot marker: while it stands, nothing has happened to the server or the database that tokens could be lost by.
create unlogged table fencepost.boot (
  marker text primary key
);

-- Who a session is. Believed only while its backend holds the advisory lock on its key.
create unlogged table fencepost.sessions (
  session bigint primary key,
  application text not null,
  host text not null,
  process integer not null,
  backend integer not null default pg_backend_pid(),
  opened_at timestamptz not null default clock_timestamp()
);

-- What is held for longer than a moment, by name. Believed only together with the advisory locks it describes.
create unlogged table fencepost.holders (
  session bigint not null,
  key bigint not null,
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  acquired_at timestamptz not null,
  primary key (session, key)
) with (fillfactor = 50);
