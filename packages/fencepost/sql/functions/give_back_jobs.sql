-- Gives jobs back that a worker which stops has not finished, ready for others at once; says which were still of this attempt. An attempt that
-- has not begun does not count, and one that has begun counts unless it was the last: the worker has ended it, and not the job.
create or replace function fencepost.give_back_jobs(token bigint, ids bigint[], has_begun boolean default false)
  returns bigint[]
  language plpgsql
as $$
declare
  given bigint[];
  rung text;
begin
  with again as (
    update fencepost.jobs as job
    set state = 'ready', token = null, session = null, claimed_at = null,
      attempt = case when give_back_jobs.has_begun then least(job.attempt, job.attempts - 1) else greatest(job.attempt - 1, 0) end
    where job.id = any (give_back_jobs.ids) and job.token = give_back_jobs.token
    returning job.id
  )
  select coalesce(array_agg(again.id), '{}') into given from again;
  for rung in select distinct job.queue from fencepost.jobs as job where job.id = any (given) loop
    perform fencepost.ring_workers(rung);
  end loop;
  return given;
end
$$;
