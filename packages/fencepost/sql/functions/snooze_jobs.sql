-- Has jobs come again after a while, as if this attempt had not been; says which were still of it.
create or replace function fencepost.snooze_jobs(token bigint, ids bigint[], after interval)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  snoozed bigint[];
  rung text;
begin
  with again as (
    update fencepost.jobs as job
    set state = case when snooze_jobs.after > interval '0' then 'delayed' else 'ready' end, run_at = now + snooze_jobs.after,
      token = null, session = null, claimed_at = null, attempt = greatest(job.attempt - 1, 0)
    where job.id = any (snooze_jobs.ids) and job.token = snooze_jobs.token
    returning job.id
  )
  select coalesce(array_agg(again.id), '{}') into snoozed from again;
  for rung in select distinct job.queue from fencepost.jobs as job where job.id = any (snoozed) loop
    perform fencepost.ring_workers(rung);
  end loop;
  return snoozed;
end
$$;
