-- Writes down what a process declares, and says what is in force. The last who declares a schedule decides; where that changes when it is due, its
-- ticks are counted from now on.
create or replace function fencepost.declare_schedule(
  namespace text, name text, expression text, tz text, missed text, overlap text, lost text, history integer,
  application text, host text, process integer
)
  returns jsonb
  language plpgsql
as $$
declare
  now timestamptz := fencepost.job_clock();
  schedule fencepost.schedules;
begin
  insert into fencepost.schedules (
    namespace, name, expression, tz, missed, overlap, lost, history, declared_at, application, host, process, settled_until
  )
  values (
    declare_schedule.namespace, declare_schedule.name, declare_schedule.expression, declare_schedule.tz, declare_schedule.missed,
    declare_schedule.overlap, declare_schedule.lost, declare_schedule.history, now, declare_schedule.application,
    declare_schedule.host, declare_schedule.process, now
  )
  on conflict on constraint schedules_pkey do nothing;

  select * into schedule from fencepost.schedules as one
  where one.namespace = declare_schedule.namespace and one.name = declare_schedule.name
  for update;
  if (schedule.expression, schedule.tz, schedule.missed, schedule.overlap, schedule.lost, schedule.history) is distinct from (
    declare_schedule.expression, declare_schedule.tz, declare_schedule.missed, declare_schedule.overlap, declare_schedule.lost,
    declare_schedule.history
  ) then
    now := fencepost.job_clock();
    if (schedule.expression, schedule.tz) is distinct from (declare_schedule.expression, declare_schedule.tz) then
      schedule.settled_until := greatest(schedule.settled_until, now);
      schedule.next_at := null;
    end if;
    update fencepost.schedules as one
    set expression = declare_schedule.expression, tz = declare_schedule.tz, missed = declare_schedule.missed,
      overlap = declare_schedule.overlap, lost = declare_schedule.lost, history = declare_schedule.history,
      revision = one.revision + 1, declared_at = now, application = declare_schedule.application,
      host = declare_schedule.host, process = declare_schedule.process,
      settled_until = schedule.settled_until, next_at = schedule.next_at
    where one.namespace = declare_schedule.namespace and one.name = declare_schedule.name
    returning * into schedule;
    perform pg_notify('fencepost:cron', declare_schedule.namespace);
  end if;
  return fencepost.schedule_json(schedule);
end
$$;
