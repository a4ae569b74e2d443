-- Closes a gate until the end of the transaction, if guarded transactions in flight let it within a moment. While it waits, new ones wait
-- behind it.
create or replace function fencepost.close_gate(gate bigint)
  returns boolean
  language plpgsql
  set lock_timeout = '100ms'
as $$
begin
  perform pg_advisory_xact_lock(close_gate.gate);
  return true;
exception
  when lock_not_available then
    return false;
end
$$;
