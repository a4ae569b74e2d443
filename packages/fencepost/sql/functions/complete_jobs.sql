-- Forgets jobs that are done, and says which of them were still of this attempt: the others have been taken over, and what was done for
-- them here is not known to anybody. Only for those that claim_jobs calls simple.
create or replace function fencepost.complete_jobs(token bigint, ids bigint[])
  returns bigint[]
  language plpgsql
as $$
declare
  completed bigint[];
begin
  with gone as (
    delete from fencepost.jobs as job
    where job.id = any (complete_jobs.ids) and job.token = complete_jobs.token
    returning job.id
  )
  select array_agg(gone.id) into completed from gone;
  return coalesce(completed, '{}');
end
$$;
