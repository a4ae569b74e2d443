-- Lets the transaction commit only while its token is the newest of the name. A statement of its own, never one with
-- the data it protects, and never inside a savepoint that may be rolled back.
-- A transaction that then falls idle for idle_limit is ended by the server, so a frozen one cannot keep the gate.
create or replace function fencepost.guard(
  name text, token bigint, namespace text default 'default', session bigint default null, idle_limit interval default null
)
  returns boolean
  language plpgsql
as $$
begin
  perform pg_advisory_xact_lock_shared(fencepost.gate(guard.name, guard.namespace));

  if current_setting('transaction_isolation') <> 'read committed' then
    -- An older snapshot still shows the old token; this answers a raised one with 40001 (FOR KEY SHARE would not).
    perform from fencepost.locks where locks.namespace = guard.namespace and locks.name = guard.name for share;
  end if;

  perform fencepost.check_token(guard.name, guard.token, guard.namespace, guard.session);
  perform fencepost.limit_idle(guard.idle_limit);
  return true;
end
$$;
