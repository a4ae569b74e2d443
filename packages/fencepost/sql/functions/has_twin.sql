-- Whether a finished job cannot come back as a live one has its key, or an earlier one of those that are to come back with it.
create or replace function fencepost.has_twin(job fencepost.finished_jobs, ids bigint[])
  returns boolean
  language sql stable
as $$
  select job.key is not null and (
    exists (
      select from fencepost.jobs as live
      where live.name = job.name and live.key = job.key
        and fencepost.key_scope(live.queue, live.name) = fencepost.key_scope(job.queue, job.name)
    )
    or exists (
      select from fencepost.finished_jobs as other
      where other.id = any (ids) and other.id < job.id and other.name = job.name and other.key = job.key
        and fencepost.key_scope(other.queue, other.name) = fencepost.key_scope(job.queue, job.name)
    )
  )
$$;
