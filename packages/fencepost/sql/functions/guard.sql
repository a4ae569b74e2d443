-- Lets the transaction commit only if its token was still good when the gate was passed, and keeps everybody else from being
-- granted the lock until it has. Never inside a savepoint that may be rolled back. What comes after it may write to tables that are protected.
-- idle_limit ends the transaction if it falls idle for so long, so a frozen one cannot keep the gate. seen is what had ended
-- when the lock was granted: a snapshot that is older would miss what the last holder has written, and is refused (40001).
create or replace function fencepost.guard(
  name text, token bigint, namespace text default 'default', session bigint default null,
  idle_limit interval default null, seen pg_snapshot default null
)
  returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  key constant bigint := fencepost.key(guard.name, guard.namespace);
begin
  if not coalesce(fencepost.pass_gate(fencepost.gate_of(key), guard.token, guard.session), false) then
    perform fencepost.refuse_token(guard.name, guard.token, guard.namespace);
  elsif current_setting('transaction_isolation') <> 'read committed' and fencepost.is_older(guard.seen) then
    raise exception 'the transaction is older than the grant of lock "%"', guard.name
      using errcode = 'serialization_failure', hint = 'Take the lock before BEGIN.';
  elsif guard.idle_limit is not null then
    perform fencepost.watch_client(guard.idle_limit);
  end if;
  return fencepost.add_fence(key, guard.token, coalesce(guard.session, 0));
end
$$;
