-- Ends an attempt that failed: [{"id": 42, "error": "why", "delayMs": 1000}] has the job tried again after so long, and without delayMs, or with
-- null, it is dead. Says which were still of this attempt.
create or replace function fencepost.fail_jobs(token bigint, failures jsonb)
  returns bigint[]
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  failed bigint[];
  dead_ids bigint[];
  dead_errors text[];
  rung text;
begin
  with again as (
    update fencepost.jobs as job
    set state = case when failure."delayMs" > 0 then 'delayed' else 'ready' end, run_at = now + failure."delayMs" * interval '1 ms',
      token = null, session = null, claimed_at = null, error = failure.error
    from jsonb_to_recordset(fail_jobs.failures) as failure (id bigint, error text, "delayMs" float8)
    where job.id = failure.id and job.token = fail_jobs.token and failure."delayMs" is not null
    returning job.id
  )
  select coalesce(array_agg(again.id), '{}') into failed from again;

  select array_agg(failure.id), array_agg(failure.error) into dead_ids, dead_errors
  from jsonb_to_recordset(fail_jobs.failures) as failure (id bigint, error text, "delayMs" float8)
  where failure."delayMs" is null;
  if dead_ids is not null then
    failed := failed || fencepost.bury_jobs(fail_jobs.token, dead_ids, dead_errors);
  end if;

  -- Also for those that come later: whoever sleeps has to learn when.
  for rung in select distinct job.queue from fencepost.jobs as job where job.id = any (failed) loop
    perform fencepost.ring_workers(rung);
  end loop;
  return failed;
end
$$;
