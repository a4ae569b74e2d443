-- Whether a live job has the key of a finished one, which cannot come back then.
create or replace function fencepost.has_twin(job fencepost.finished_jobs)
  returns boolean
  language sql stable
as $$
  select job.key is not null and exists (
    select from fencepost.jobs as live
    where live.name = job.name and live.key = job.key
      and fencepost.key_scope(live.queue, live.name) = fencepost.key_scope(job.queue, job.name)
  )
$$;
