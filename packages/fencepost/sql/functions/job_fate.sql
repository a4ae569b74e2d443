-- What has become of a job, for the attempt that no longer has it.
create or replace function fencepost.job_fate(id bigint)
  returns text
  language plpgsql
as $$
declare
  fate text;
begin
  select case job.state when 'running' then format('attempt %s began at %s', job.attempt, fencepost.instant_text(job.claimed_at))
    else format('it is %s after %s of %s attempts', job.state, job.attempt, job.attempts) end
  into fate
  from fencepost.jobs as job
  where job.id = job_fate.id;

  if not found then
    select format('it is %s since %s', job.state, fencepost.instant_text(job.finished_at))
    into fate
    from fencepost.finished_jobs as job
    where job.id = job_fate.id;
  end if;
  return coalesce(fate, 'it is over and forgotten');
end
$$;
