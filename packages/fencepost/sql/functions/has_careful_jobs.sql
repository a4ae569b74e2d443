-- Whether a queue may have jobs that have to be claimed under its mutex.
create or replace function fencepost.has_careful_jobs(queue text)
  returns boolean
  language plpgsql
  set enable_seqscan = off
as $$
begin
  return exists (
    select from fencepost.jobs as job
    where job.queue = has_careful_jobs.queue and job.state = 'ready' and not job.is_plain
  ) or fencepost.is_limited_queue(has_careful_jobs.queue);
end
$$;
