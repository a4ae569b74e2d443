-- Takes a session lock, waiting for the key and for the gate no longer than lock_timeout each; null means not yet.
-- For the library's own connection, outside a transaction (a rolled-back token would be handed out twice).
create or replace function fencepost.acquire(name text, namespace text, session bigint)
  returns bigint
  language plpgsql
as $$
declare
  key constant bigint := fencepost.key(acquire.name, acquire.namespace);
  token bigint;
begin
  perform fencepost.require_read_committed();
  begin
    -- The transaction form waits: cut off, it leaves nothing behind, where the session form may be granted late.
    perform pg_advisory_xact_lock(key);
    -- Closed from here to the commit: guarded transactions in flight have ended, new ones read the raised token.
    perform pg_advisory_xact_lock(fencepost.gate(acquire.name, acquire.namespace));
  exception
    when lock_not_available then
      return null;
  end;

  token := fencepost.raise_token(acquire.name, acquire.namespace, acquire.session);

  -- Last: no error and no rollback would undo it.
  perform pg_advisory_lock(key);
  return token;
end
$$;
