-- Begins a tick, for whoever holds its lock, in a transaction that is guarded with it. Null: it is not to be begun, or not yet. Asked again under the
-- same token it answers the same.
create or replace function fencepost.begin_tick(id bigint, token bigint, application text, host text, process integer)
  returns jsonb
  language plpgsql
as $$
declare
  tick fencepost.schedule_ticks;
  schedule fencepost.schedules;
  key_held bigint;
begin
  -- It must be on disk before anything is done: a crash that forgot it would have it done again.
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select * into tick from fencepost.schedule_ticks as one where one.id = begin_tick.id for update;
  select * into schedule from fencepost.schedules as one where one.namespace = tick.namespace and one.name = tick.name;
  key_held := fencepost.token_key(fencepost.tick_gate(tick, schedule.overlap), begin_tick.token);
  if tick.state = 'queued' and fencepost.is_held(key_held) and (tick.is_manual or schedule.paused_at is null) then
    perform fencepost.lose_ticks(tick.namespace, array[tick.name]);
    if schedule.overlap <> 'allow' and exists (
      select from fencepost.schedule_ticks as other
      where other.namespace = tick.namespace and other.name = tick.name and (
        other.state = 'running'
        or other.state = 'queued' and other.scheduled_at < tick.scheduled_at and (other.is_manual or schedule.paused_at is null)
      )
    ) then
      return null;
    end if;
    update fencepost.schedule_ticks as one
    set state = 'running', attempt = one.attempt + 1, token = begin_tick.token, token_key = key_held,
      application = begin_tick.application, host = begin_tick.host, process = begin_tick.process,
      started_at = fencepost.job_clock(), error = null
    where one.id = begin_tick.id
    returning * into tick;
    if tick.is_manual then
      -- A schedule that is paused has no other.
      perform fencepost.sweep_ticks(schedule);
    end if;
  end if;
  return case when tick.state = 'running' and tick.token = begin_tick.token then to_jsonb(tick) end;
end
$$;
