-- What the processes that run these schedules go by: the server's time, the setting that moves it in tests, and how each schedule stands once
-- the ticks of dead runners are told apart. Waits for nobody.
create or replace function fencepost.look_at_schedules(namespace text, names text[])
  returns jsonb
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '100ms'
as $$
begin
  perform fencepost.lose_ticks(look_at_schedules.namespace, look_at_schedules.names);
  return jsonb_build_object(
    'now', fencepost.job_clock(),
    'clock', coalesce(current_setting('fencepost.clock', true), ''),
    'schedules', (
      select coalesce(jsonb_agg(fencepost.schedule_json(schedule)), '[]')
      from fencepost.schedules as schedule
      where schedule.namespace = look_at_schedules.namespace and schedule.name = any (look_at_schedules.names)
    )
  );
end
$$;
