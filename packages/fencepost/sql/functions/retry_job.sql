-- Has a job run now: one that is delayed without further delay, and one that is finished (dead, cancelled, or done and kept) anew, with all its
-- attempts. False, and nothing is changed, for any other, for one whose key has a new job, and for an id that does not exist.
create or replace function fencepost.retry_job(id bigint)
  returns boolean
  language plpgsql
as $$
declare
  due text;
begin
  update fencepost.jobs as job
  set state = 'ready', run_at = fencepost.job_clock()
  where job.id = retry_job.id and job.state = 'delayed'
  returning job.queue into due;
  if found then
    perform fencepost.ring_workers(due);
    return true;
  end if;
  return cardinality(fencepost.revive_jobs(array[retry_job.id])) > 0;
end
$$;
