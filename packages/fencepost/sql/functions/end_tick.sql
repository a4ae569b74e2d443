-- Writes down how a tick ended, in a transaction that is guarded with its lock. What comes back is the tick as it then stands; null if it is gone.
create or replace function fencepost.end_tick(id bigint, token bigint, state text, error text)
  returns jsonb
  language plpgsql
as $$
declare
  tick fencepost.schedule_ticks;
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select * into tick from fencepost.schedule_ticks as one where one.id = end_tick.id for update;
  if tick.state = 'running' and tick.token = end_tick.token then
    perform fencepost.close_tick(tick, end_tick.state, end_tick.error);
  end if;
  return (select to_jsonb(one) from fencepost.schedule_ticks as one where one.id = end_tick.id);
end
$$;
