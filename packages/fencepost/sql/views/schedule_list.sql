-- For psql and dashboards, every schedule: when it is next due, its last tick and what became of it, and who has it. One whose next_at is over has
-- nobody to run it: select * from fencepost.schedule_list where next_at < now() - interval '1 min'.
create or replace view fencepost.schedule_list as
  with held as materialized (
    select one.key from fencepost.held_keys() as one where one.mode = 'exclusive'
  )
  select
    schedule.namespace, schedule.name, schedule.expression, schedule.tz, schedule.missed, schedule.overlap, schedule.lost,
    schedule.history,
    case when schedule.paused_at is null then schedule.next_at end as next_at,
    latest.scheduled_at as last_at,
    case
      when latest.state = 'running' and latest.token_key not in (select held.key from held) then 'lost' else latest.state
    end as outcome,
    latest.token, latest.application, latest.host, latest.process, latest.started_at,
    latest.ended_at - latest.started_at as duration, latest.error, live.running, live.queued, schedule.missed_ticks, schedule.skipped_ticks, schedule.paused_at, schedule.paused_by,
    schedule.declared_at, schedule.application as declared_by, schedule.host as declared_on, schedule.process as declared_in
  from fencepost.schedules as schedule
  left join lateral (
    select * from fencepost.schedule_ticks as tick
    where tick.namespace = schedule.namespace and tick.name = schedule.name and tick.attempt > 0
    order by tick.started_at desc
    limit 1
  ) as latest on true
  cross join lateral (
    select count(*) filter (where tick.state = 'running') as running, count(*) filter (where tick.state = 'queued') as queued
    from fencepost.schedule_ticks as tick
    where tick.namespace = schedule.namespace and tick.name = schedule.name and tick.state in ('queued', 'running')
  ) as live;
