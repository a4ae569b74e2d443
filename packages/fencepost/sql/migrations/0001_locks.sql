-- Names need no row: what is held is held as advisory locks, and these tables say by name whose they are and who waits.

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
    -- dynamic: the same; its numbers only order those who wait.
    execute 'create unlogged sequence fencepost.tickets';
  else
    create sequence fencepost.tokens;
    create sequence fencepost.tickets;
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
  -- A session may hold a name several times over, shared.
  holding bigint not null,
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  acquired_at timestamptz not null,
  -- The callback it was taken in, as the waiters have it; null where it was not taken in one.
  scope bigint,
  primary key (session, key, holding)
) with (fillfactor = 50);

-- The lines, one for each name, in the order of the tickets. Believed only while the session of the ticket lives.
create unlogged table fencepost.waiters (
  key bigint not null,
  ticket bigint not null default nextval('fencepost.tickets'),
  session bigint not null,
  namespace text not null check (strpos(namespace, ':') = 0),
  name text not null,
  mode text not null check (mode in ('exclusive', 'shared')),
  -- The callbacks it waits in, outermost first: while it waits, none of their locks is let go of.
  scopes bigint[] not null,
  waiting_since timestamptz not null default clock_timestamp(),
  primary key (key, ticket)
) with (fillfactor = 90);

-- The token the shared holders of a name have between them. Believed only while one of them holds it.
create unlogged table fencepost.shared_tokens (
  key bigint not null,
  token bigint not null constraint shared_tokens_are_odd check (token % 2 = 1),
  primary key (key, token)
);
