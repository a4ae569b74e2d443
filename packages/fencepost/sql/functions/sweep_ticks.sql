-- Removes the oldest ticks that are over and go beyond the history of their schedule.
create or replace function fencepost.sweep_ticks(schedule fencepost.schedules)
  returns integer
  language plpgsql
as $$
declare
  swept integer;
begin
  delete from fencepost.schedule_ticks as tick
  where tick.id in (
    select one.id from fencepost.schedule_ticks as one
    where one.namespace = schedule.namespace and one.name = schedule.name and one.state not in ('queued', 'running')
    order by one.scheduled_at desc
    offset schedule.history
    for update skip locked
  );
  get diagnostics swept = row_count;
  return swept;
end
$$;
