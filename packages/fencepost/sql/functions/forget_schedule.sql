-- Removes a schedule and its history, for one that no process declares any more; one that does declares it anew. What runs of it is refused its
-- commits. False if there is none.
create or replace function fencepost.forget_schedule(name text, namespace text default 'default')
  returns boolean
  language plpgsql
as $$
begin
  delete from fencepost.schedules as one
  where one.namespace = forget_schedule.namespace and one.name = forget_schedule.name;
  if not found then
    return false;
  end if;
  delete from fencepost.schedule_ticks as tick
  where tick.namespace = forget_schedule.namespace and tick.name = forget_schedule.name;
  return true;
end
$$;
