-- Has no more ticks of a schedule begun, by any process; what runs goes on. Ticks of the meantime are no ticks: they are neither run later nor missed.
-- False if it was paused already, or does not exist.
create or replace function fencepost.pause_schedule(name text, namespace text default 'default')
  returns boolean
  language plpgsql
as $$
begin
  update fencepost.schedules as one
  set paused_at = fencepost.job_clock(), paused_by = session_user
  where one.namespace = pause_schedule.namespace and one.name = pause_schedule.name and one.paused_at is null;
  return found;
end
$$;
