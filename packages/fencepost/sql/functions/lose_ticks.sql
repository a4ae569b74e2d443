-- Says of running ticks whose runners are gone that they are lost, or has them run again where that was declared. One that a transaction of the tick
-- has locked is left for later: that may be its commit. Waits for nobody.
create or replace function fencepost.lose_ticks(namespace text, names text[])
  returns integer
  language plpgsql
as $$
declare
  lost integer := 0;
  running record;
  tick fencepost.schedule_ticks;
begin
  for running in
    select one.id, one.token, one.token_key from fencepost.schedule_ticks as one
    where one.namespace = lose_ticks.namespace and one.name = any (lose_ticks.names) and one.state = 'running'
  loop
    -- A token key that is free stays so: its token never comes again.
    continue when fencepost.is_held(running.token_key);
    select * into tick from fencepost.schedule_ticks as one
    where one.id = running.id and one.token = running.token and one.state = 'running'
    for update skip locked;
    continue when not found;
    perform fencepost.close_tick(tick, 'lost', 'its runner is gone and left no outcome');
    lost := lost + 1;
  end loop;
  return lost;
end
$$;
