-- Gives each tick that is due its row: those between settled_until, as the caller has read it, and until. Null, and nothing is done, if somebody else
-- was faster, is at it, or it is not due yet by the clock of this server; else how the schedule stands now. A tick was missed if the next one is due
-- as well, or if it was due more than a minute ago. Waits for nobody.
create or replace function fencepost.record_ticks(
  namespace text, name text, revision integer, settled_until timestamptz, until timestamptz, ticks timestamptz[], next_at timestamptz
)
  returns jsonb
  language plpgsql
  -- It shares its connection with others.
  set lock_timeout = '100ms'
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  newest constant integer := cardinality(record_ticks.ticks);
  is_late constant boolean := record_ticks.ticks[newest] < now - interval '1 min';
  schedule fencepost.schedules;
  live bigint;
  counted record;
begin
  select * into schedule from fencepost.schedules as one
  where one.namespace = record_ticks.namespace and one.name = record_ticks.name and one.revision = record_ticks.revision
    and one.settled_until = record_ticks.settled_until and one.paused_at is null
  for update skip locked;
  if not found or record_ticks.until > now or record_ticks.ticks[newest] > record_ticks.until then
    return null;
  end if;
  perform fencepost.lose_ticks(record_ticks.namespace, array[record_ticks.name]);
  select count(*) into live from fencepost.schedule_ticks as one
  where one.namespace = record_ticks.namespace and one.name = record_ticks.name and one.state in ('queued', 'running');

  with due as (
    select tick.at, case
      when tick.place < newest and schedule.missed <> 'all' or is_late and schedule.missed = 'skip' then 'missed'
      when schedule.overlap = 'skip' and live > 0 or live + tick.place > 1000 then 'skipped'
      else 'queued'
    end as state
    from unnest(record_ticks.ticks) with ordinality as tick (at, place)
  ), inserted as (
    insert into fencepost.schedule_ticks (namespace, name, scheduled_at, state, ended_at)
    select schedule.namespace, schedule.name, due.at, due.state, case when due.state <> 'queued' then now end
    from due
    order by due.at
    on conflict on constraint schedule_ticks_once do nothing
    returning schedule_ticks.state
  )
  select count(*) filter (where inserted.state = 'missed') as missed, count(*) filter (where inserted.state = 'skipped') as skipped
  into counted from inserted;
  update fencepost.schedules as one
  set settled_until = record_ticks.until, next_at = record_ticks.next_at,
    missed_ticks = one.missed_ticks + counted.missed, skipped_ticks = one.skipped_ticks + counted.skipped
  where one.namespace = schedule.namespace and one.name = schedule.name
  returning * into schedule;
  perform fencepost.sweep_ticks(schedule);
  return fencepost.schedule_json(schedule);
end
$$;
