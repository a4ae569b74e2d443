-- The gate of the lock under which a tick runs: that of its schedule, or one of its own where ticks may overlap.
create or replace function fencepost.tick_gate(tick fencepost.schedule_ticks, overlap text)
  returns bigint
  language sql immutable
as $$
  select case
    when tick_gate.overlap = 'allow' then fencepost.gate(tick.name || '#' || tick.id, tick.namespace || '/tick')
    else fencepost.gate(tick.name, tick.namespace || '/cron')
  end
$$;
