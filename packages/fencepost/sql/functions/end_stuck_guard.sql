-- Ends the backend of a stuck guarded transaction, so that the next acquisition passes its gate. False if it has gone on since, if it is
-- gone, and if the caller may not end it.
create or replace function fencepost.end_stuck_guard(gate bigint, backend integer, progress text)
  returns boolean
  language plpgsql
as $$
begin
  return exists (
    select from fencepost.stuck_guards(end_stuck_guard.gate) as stuck
    where stuck.backend = end_stuck_guard.backend and stuck.progress = end_stuck_guard.progress
  ) and pg_terminate_backend(end_stuck_guard.backend);
exception
  when insufficient_privilege then
    return false;
end
$$;
