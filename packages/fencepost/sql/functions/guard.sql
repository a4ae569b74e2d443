-- Lets the transaction commit only if its token was still good when the gate was passed, and keeps everybody else from being
-- granted the lock until it has. Never inside a savepoint that may be rolled back.
-- idle_limit ends the transaction if it falls idle for so long, so a frozen one cannot keep the gate. seen is what had ended
-- when the lock was granted: a snapshot that is older would miss what the last holder has written, and is refused (40001).
create or replace function fencepost.guard(
  name text, token bigint, namespace text default 'default', session bigint default null,
  idle_limit interval default null, seen pg_snapshot default null
)
  returns boolean
  language plpgsql
  -- What it calls and reads must not be somebody's temporary table or operator of the same name.
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(fencepost.gate(guard.name, guard.namespace));
  perform fencepost.check_token(guard.name, guard.token, guard.namespace, guard.session);

  if current_setting('transaction_isolation') <> 'read committed' and fencepost.is_older(guard.seen) then
    raise exception 'the transaction is older than the grant of lock "%"', guard.name
      using errcode = 'serialization_failure', hint = 'Take the lock before BEGIN.';
  end if;
  if guard.idle_limit is not null then
    perform fencepost.watch_client(guard.idle_limit);
  end if;
  return fencepost.add_fence(fencepost.key(guard.name, guard.namespace), guard.token, coalesce(guard.session, 0));
end
$$;
