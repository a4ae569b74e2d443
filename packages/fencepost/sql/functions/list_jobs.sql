-- Jobs as JSON, the newest first: of the queues of a namespace, and of a queue, a name, a state or under an id where they are given.
create or replace function fencepost.list_jobs(
  namespace text, queue text default null, name text default null, state text default null, most integer default 100,
  before bigint default null
)
  returns setof jsonb
  language plpgsql stable
  -- Which index fits depends on what is asked for.
  set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  -- The newest of each table first: of millions nothing else is read then.
  with listed as (
    (
      select job.id from fencepost.jobs as job
      where (list_jobs.queue is null or job.queue = list_jobs.queue)
        and (list_jobs.name is null or job.name = list_jobs.name)
        and (list_jobs.state is null or job.state = list_jobs.state)
        and (list_jobs.before is null or job.id < list_jobs.before)
        and fencepost.namespace_of(job.queue) = list_jobs.namespace
      order by job.id desc
      limit list_jobs.most
    )
    union all
    (
      select job.id from fencepost.finished_jobs as job
      where (list_jobs.queue is null or job.queue = list_jobs.queue)
        and (list_jobs.name is null or job.name = list_jobs.name)
        and (list_jobs.state is null or job.state = list_jobs.state)
        and (list_jobs.before is null or job.id < list_jobs.before)
        and fencepost.namespace_of(job.queue) = list_jobs.namespace
      order by job.id desc
      limit list_jobs.most
    )
    order by id desc
    limit list_jobs.most
  )
  select to_jsonb(one)
  from listed
  join lateral (select * from fencepost.job_list as job where job.id = listed.id) as one on true
  order by listed.id desc;
end
$$;
