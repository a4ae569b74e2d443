-- How many more jobs of a queue, a name (scope job) or a group may begin now; null: as many as like. Of a group, name is the queue. Under the mutex
-- of the queue; a name may be in several queues, so it has a mutex of its own, which is not waited for: whoever has it claims some.
create or replace function fencepost.job_room(scope text, name text, group_key text default '')
  returns integer
  language plpgsql
  set enable_seqscan = off
as $$
declare
  rule fencepost.job_limits;
  concurrency integer;
  running integer;
  begun bigint;
begin
  select * into rule
  from fencepost.job_limits as job_limit
  where job_limit.scope = job_room.scope and job_limit.name = job_room.name;
  if not found and job_room.scope <> 'group' then
    return null;
  end if;
  if job_room.scope = 'job' and not pg_try_advisory_xact_lock(fencepost.job_key('limited', job_room.name)) then
    return 0;
  end if;

  -- Statements of their own: they see what was committed before the mutex was had.
  case job_room.scope
    when 'group' then
      concurrency := coalesce(rule.concurrency, 1);
      -- A job between two attempts keeps its place: what is behind it in its group must not overtake it.
      select count(*) into running from fencepost.jobs as job
      where job.queue = job_room.name and job.group_key = job_room.group_key
        and (job.state = 'running' or (job.state = 'delayed' and job.attempt > 0));
    when 'job' then
      concurrency := rule.concurrency;
      select count(*) into running from fencepost.jobs as job
      where job.name = job_room.name and job.state = 'running' and not job.is_plain;
    else
      concurrency := rule.concurrency;
      select count(*) into running from fencepost.jobs as job
      where job.queue = job_room.name and job.state = 'running';
  end case;
  if rule.rate is not null then
    select sum(start.jobs) into begun from fencepost.job_starts as start
    where start.scope = job_room.scope and start.name = job_room.name and start.group_key = job_room.group_key
      and start.begun_at > fencepost.job_clock() - rule.per;
  end if;
  -- Of nulls least takes no notice.
  return greatest(least(concurrency - running, rule.rate - coalesce(begun, 0)), 0);
end
$$;
