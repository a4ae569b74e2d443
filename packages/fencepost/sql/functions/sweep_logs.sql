-- Removes logs of jobs that are neither live nor kept, and says how many lines. It goes from job to job, so many of them, from a random one on and
-- then from the first, so that those whose jobs are kept do not stand before others for ever.
create or replace function fencepost.sweep_logs(most integer)
  returns integer
  language plpgsql
  set enable_seqscan = off
as $$
declare
  pivot constant bigint := (select floor(random() * coalesce(max(line.job), 0))::bigint from fencepost.job_logs as line);
  removed integer;
begin
  delete from fencepost.job_logs as line
  where line.job = any (array(
    with recursive logged (job, number, beginning) as (
      select beginning - 1, 0, beginning from unnest(array[pivot, 0]) as beginning
      union all
      select next.job, logged.number + 1, logged.beginning
      from logged cross join lateral (
        select one.job from fencepost.job_logs as one where one.job > logged.job order by one.job limit 1
      ) as next
      where logged.number < sweep_logs.most
    )
    select distinct logged.job
    from logged
    where logged.number > 0
      and not exists (select from fencepost.jobs as live where live.id = logged.job)
      and not exists (select from fencepost.finished_jobs as kept where kept.id = logged.job)
  ));
  get diagnostics removed = row_count;
  return removed;
end
$$;
