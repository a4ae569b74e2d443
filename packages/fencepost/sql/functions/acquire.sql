-- Takes a session lock, waiting for the key and for the gate no longer than lock_timeout each, and returns its token and what
-- has ended by then, as tick does. Not yet: null if it stopped at the key, {} if at the gate. For the library's own connection,
-- outside a transaction.
create or replace function fencepost.acquire(key bigint, gate bigint)
  returns text
  language plpgsql
as $$
declare
  stopped_at text;
begin
  begin
    -- The transaction form waits: cut off, it leaves nothing behind, where the session form may be granted late.
    perform pg_advisory_xact_lock(key);
    stopped_at := '{}';
    -- Closed from here to the commit: guarded transactions in flight have ended, new ones find their token dead.
    perform pg_advisory_xact_lock(gate);
  exception
    when lock_not_available then
      return stopped_at;
  end;
  return '{' || fencepost.keep(key, gate) || '} ' || fencepost.seen()::text;
end
$$;
