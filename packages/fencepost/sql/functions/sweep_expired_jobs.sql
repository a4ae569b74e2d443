-- Removes finished jobs whose time is over, with their logs, and says how many. What a child returned is kept while its parent is there, live or
-- dead: it is looked at again after an hour, so that such children do not stand before others for ever.
create or replace function fencepost.sweep_expired_jobs(most integer)
  returns integer
  language plpgsql
as $$
declare
  now constant timestamptz := fencepost.job_clock();
  expired bigint[] := array(
    select job.id from fencepost.finished_jobs as job where job.expires_at <= now
    order by job.expires_at limit sweep_expired_jobs.most for update skip locked
  );
  needed bigint[];
  removed integer;
begin
  with postponed as (
    update fencepost.finished_jobs as child
    set expires_at = now + interval '1 h'
    where child.id = any (expired) and child.parent is not null and (
      exists (select from fencepost.jobs as parent where parent.id = child.parent)
      or exists (
        select from fencepost.finished_jobs as parent where parent.id = child.parent and parent.state = 'dead'
      )
    )
    returning child.id
  )
  select array_agg(postponed.id) into needed from postponed;

  delete from fencepost.finished_jobs as job
  where job.id = any (expired) and job.id <> all (coalesce(needed, '{}'));
  get diagnostics removed = row_count;
  delete from fencepost.job_logs as line
  where line.job = any (expired) and line.job <> all (coalesce(needed, '{}'));
  return removed;
end
$$;
