-- A schedule as its processes see it: what was declared, when it is next due, how many of its ticks run, and those that may be begun.
create or replace function fencepost.schedule_json(schedule fencepost.schedules)
  returns jsonb
  language sql stable
as $$
  select jsonb_build_object(
    'name', schedule.name, 'expression', schedule.expression, 'tz', schedule.tz, 'missed', schedule.missed,
    'overlap', schedule.overlap, 'lost', schedule.lost, 'history', schedule.history, 'revision', schedule.revision,
    'declaredAt', schedule.declared_at, 'application', schedule.application, 'host', schedule.host, 'process', schedule.process,
    'settledUntil', schedule.settled_until, 'nextAt', schedule.next_at, 'isPaused', schedule.paused_at is not null,
    'running', (
      select count(*) from fencepost.schedule_ticks as tick
      where tick.namespace = schedule.namespace and tick.name = schedule.name and tick.state = 'running'
    ),
    'queued', (
      select coalesce(jsonb_agg(jsonb_build_object('id', queued.id) order by queued.scheduled_at), '[]')
      from (
        select tick.id, tick.scheduled_at from fencepost.schedule_ticks as tick
        where tick.namespace = schedule.namespace and tick.name = schedule.name and tick.state = 'queued'
          and (schedule.paused_at is null or tick.is_manual)
        order by tick.scheduled_at
        limit 100
      ) as queued
    )
  )
$$;
