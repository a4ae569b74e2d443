-- Closes a gate until this session lets go of it, once however often it is called, if guarded transactions in flight let it within
-- lock_timeout.
create or replace function fencepost.keep_gate(gate bigint)
  returns boolean
  language plpgsql
as $$
begin
  if exists (select from fencepost.held_keys(pg_backend_pid()) as held where held.key = keep_gate.gate) then
    return true;
  end if;
  begin
    -- The transaction form waits: cut off, it leaves nothing behind.
    perform pg_advisory_xact_lock(gate);
  exception
    when lock_not_available then
      return false;
  end;
  perform pg_advisory_lock(gate);
  return true;
end
$$;
