-- Ends a pause: the schedule goes on with its next tick, and with what was queued before. False if it was not paused, or does not exist.
create or replace function fencepost.resume_schedule(name text, namespace text default 'default')
  returns boolean
  language plpgsql
as $$
begin
  update fencepost.schedules as one
  set paused_at = null, paused_by = null, settled_until = greatest(one.settled_until, fencepost.job_clock()), next_at = null
  where one.namespace = resume_schedule.namespace and one.name = resume_schedule.name and one.paused_at is not null;
  if not found then
    return false;
  end if;
  perform pg_notify('fencepost:cron', resume_schedule.namespace);
  return true;
end
$$;
