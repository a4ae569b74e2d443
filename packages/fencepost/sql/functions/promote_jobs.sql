-- Makes up to so many delayed jobs ready whose time has come, and rings for their queues; says how many.
create or replace function fencepost.promote_jobs(most integer default 1000)
  returns integer
  language plpgsql
as $$
declare
  -- Read once: what may change from row to row is looked up by no index.
  now constant timestamptz := fencepost.job_clock();
  promoted text[];
  rung text;
begin
  with due as (
    update fencepost.jobs as job
    set state = 'ready'
    where job.ctid = any (array(
      select one.ctid
      from fencepost.jobs as one
      where one.state = 'delayed' and one.run_at <= now
      order by one.run_at
      limit promote_jobs.most
      for update skip locked
    ))
    returning job.queue
  )
  select array_agg(due.queue) into promoted from due;
  for rung in select distinct queue from unnest(promoted) as queue loop
    perform fencepost.ring_workers(rung);
  end loop;
  return coalesce(cardinality(promoted), 0);
end
$$;
