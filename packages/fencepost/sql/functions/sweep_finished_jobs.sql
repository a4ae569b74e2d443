-- Removes a few of each of what is of no use any more: finished jobs and windows whose time is over, beginnings that no rate looks at, logs of jobs that
-- are gone. Says how many. It waits for nobody, and touches nothing that a claim does; a crash may bring them back.
create or replace function fencepost.sweep_finished_jobs(most integer)
  returns integer
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  removed integer;
  swept integer;
begin
  perform set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '1', true);
  removed := fencepost.sweep_expired_jobs(sweep_finished_jobs.most);

  delete from fencepost.job_windows as over where over.ctid = any (array(
    select one.ctid from fencepost.job_windows as one where one.until <= now
    order by one.until limit sweep_finished_jobs.most for update skip locked
  ));
  get diagnostics swept = row_count;
  removed := removed + swept;

  delete from fencepost.job_starts as over where over.ctid = any (array(
    select one.ctid from fencepost.job_starts as one where one.expires_at <= now
    order by one.expires_at limit sweep_finished_jobs.most for update skip locked
  ));
  get diagnostics swept = row_count;
  return removed + swept + fencepost.sweep_logs(sweep_finished_jobs.most);
exception
  when lock_not_available then
    return 0;
end
$$;
