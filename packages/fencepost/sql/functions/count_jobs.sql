-- Counts what waits in the queues, runs and is dead, up to `most` ready ones of a queue, delayed ones and dead ones, through the indexes. is_all:
-- the count was not cut off there.
create or replace function fencepost.count_jobs(most integer)
  returns table (queue text, name text, state text, jobs bigint, oldest_at timestamptz, is_all boolean)
  language sql stable
as $$
  with found as (
    select known.queue, one.name, 'ready' as state, one.since, count(*) over (partition by known.queue) as together
    from fencepost.ready_queues() as known (queue)
    cross join lateral (
      (
        select job.name, job.run_at as since from fencepost.jobs as job
        where job.queue = known.queue and job.state = 'ready' and job.is_plain
        order by job.priority, job.id limit count_jobs.most + 1
      )
      union all
      (
        select job.name, job.run_at from fencepost.jobs as job
        where job.queue = known.queue and job.state = 'ready' and not job.is_plain
        order by job.priority, job.id limit count_jobs.most + 1
      )
    ) as one
    union all
    select one.queue, one.name, 'delayed', one.run_at, count(*) over ()
    from (
      select job.queue, job.name, job.run_at from fencepost.jobs as job
      where job.state = 'delayed' order by job.run_at limit count_jobs.most + 1
    ) as one
    union all
    select job.queue, job.name, job.state, job.claimed_at, 0 from fencepost.jobs as job where job.state = 'running'
    union all
    select job.queue, job.name, job.state, job.enqueued_at, 0 from fencepost.jobs as job where job.state = 'waiting'
    union all
    select one.queue, one.name, 'dead', one.finished_at, count(*) over ()
    from (
      select dead.queue, dead.name, dead.finished_at from fencepost.finished_jobs as dead
      where dead.state = 'dead' order by dead.queue, dead.name, dead.id limit count_jobs.most + 1
    ) as one
  )
  select found.queue, found.name, found.state, count(*), min(found.since), max(found.together) <= count_jobs.most
  from found
  group by found.queue, found.name, found.state
$$;
