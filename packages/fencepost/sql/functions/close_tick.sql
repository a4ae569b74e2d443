-- Writes down how an attempt at a tick ended, for whoever has locked its row. A lost one is queued again where that was declared, at most twice,
-- and only if no transaction of it was committed: so none ever commits in two attempts.
create or replace function fencepost.close_tick(tick fencepost.schedule_ticks, state text, error text)
  returns boolean
  language plpgsql
as $$
declare
  is_retried constant boolean := close_tick.state = 'lost' and not tick.has_committed and tick.attempt < 3 and exists (
    select from fencepost.schedules as schedule
    where schedule.namespace = tick.namespace and schedule.name = tick.name and schedule.lost = 'retry'
  );
begin
  update fencepost.schedule_ticks as one
  set state = case when is_retried then 'queued' else close_tick.state end,
    ended_at = case when not is_retried then fencepost.job_clock() end,
    error = close_tick.error
  where one.id = tick.id;
  if is_retried then
    perform pg_notify('fencepost:cron', tick.namespace);
  end if;
  return true;
end
$$;
