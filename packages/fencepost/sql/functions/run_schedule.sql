-- Has a schedule run once now, besides its ticks and also while it is paused, and says under which id; null if there is no such schedule. Where its
-- ticks may not overlap it waits for the one that runs.
create or replace function fencepost.run_schedule(name text, namespace text default 'default')
  returns bigint
  language plpgsql
as $$
declare
  id bigint;
begin
  perform from fencepost.schedules as one
  where one.namespace = run_schedule.namespace and one.name = run_schedule.name
  for key share;
  if not found then
    return null;
  end if;
  insert into fencepost.schedule_ticks as tick (namespace, name, scheduled_at, is_manual, state)
  values (run_schedule.namespace, run_schedule.name, fencepost.job_clock(), true, 'queued')
  returning tick.id into id;
  perform pg_notify('fencepost:cron', run_schedule.namespace);
  return id;
end
$$;
