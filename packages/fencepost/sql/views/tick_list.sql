-- For psql and dashboards, the ticks of schedules and what became of them: select * from fencepost.tick_list where name = 'report' order by scheduled_at desc.
-- Of what runs the lock table is read once: a probe of a key that nobody holds would stay to the end of the transaction.
create or replace view fencepost.tick_list as
  with held as materialized (
    select one.key from fencepost.held_keys() as one where one.mode = 'exclusive'
  )
  select
    tick.id, tick.namespace, tick.name, tick.scheduled_at, tick.is_manual,
    case when tick.state = 'running' and tick.token_key not in (select held.key from held) then 'lost' else tick.state end as state,
    tick.attempt, tick.idempotency_key, tick.token, tick.application, tick.host, tick.process, tick.started_at, tick.ended_at,
    tick.ended_at - tick.started_at as duration, tick.has_committed, tick.error
  from fencepost.schedule_ticks as tick;
