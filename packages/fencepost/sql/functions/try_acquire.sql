-- Takes a session lock if it is free at once; null means busy: held, or a guarded transaction is in flight.
-- For the library's own connection, outside a transaction (a rolled-back token would be handed out twice).
create or replace function fencepost.try_acquire(name text, namespace text, session bigint)
  returns bigint
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(try_acquire.name, try_acquire.namespace);
  token bigint;
begin
  perform fencepost.require_read_committed();
  if not pg_try_advisory_xact_lock(key)
    or not pg_try_advisory_xact_lock(fencepost.gate(try_acquire.name, try_acquire.namespace))
  then
    return null;
  end if;

  token := fencepost.raise_token(try_acquire.name, try_acquire.namespace, try_acquire.session);

  -- Last: no error and no rollback would undo it.
  perform pg_advisory_lock(key);
  return token;
end
$$;
