-- Takes a name behind a gate that this session keeps closed, and lets go of the gate; returns what acquire does. Null if whoever has the key
-- has not let go of it within one and a half times lock_timeout: then the gate stays closed.
create or replace function fencepost.take_over(key bigint, gate bigint)
  returns text
  language plpgsql
as $$
begin
  begin
    -- Longer than those wait who have the key and wait for the gate, and shorter than deadlock_timeout, of which lock_timeout is half.
    perform set_config('lock_timeout', (extract(epoch from current_setting('lock_timeout')::interval) * 1500)::integer::text, true);
    -- The transaction form waits: cut off, it leaves nothing behind.
    perform pg_advisory_xact_lock(key);
  exception
    when lock_not_available then
      return null;
  end;
  -- The transaction form, which is granted at once, keeps it closed to the commit.
  perform pg_advisory_xact_lock(gate);
  perform pg_advisory_unlock(gate);
  return '{' || fencepost.keep(key, gate) || '} ' || fencepost.seen()::text;
end
$$;
