-- Sets how many jobs may run at once, and how many may begin in any interval `per`, over all workers: of a queue, of a name (scope job) or of each
-- group of a queue. Nothing given: no limit any more, and of a group one at a time. Says whether that changed anything. What runs goes on, and
-- jobs of transactions that have enqueued and not committed yet are held to a limit of their name only if they knew of it.
create or replace function fencepost.limit_jobs(
  scope text, name text, concurrency integer default null, rate integer default null, per interval default null
)
  returns boolean
  language plpgsql
as $$
declare
  changed boolean;
begin
  if limit_jobs.concurrency is null and limit_jobs.rate is null and limit_jobs.per is null then
    delete from fencepost.job_limits as rule where rule.scope = limit_jobs.scope and rule.name = limit_jobs.name;
    return found;
  end if;
  -- Nothing is written where it is so already: each worker says it when it starts.
  insert into fencepost.job_limits as rule (scope, name, concurrency, rate, per)
  values (limit_jobs.scope, limit_jobs.name, limit_jobs.concurrency, limit_jobs.rate, limit_jobs.per)
  on conflict on constraint job_limits_pkey do update
  set concurrency = excluded.concurrency, rate = excluded.rate, per = excluded.per
  where (rule.concurrency, rule.rate, rule.per) is distinct from (excluded.concurrency, excluded.rate, excluded.per);
  changed := found;

  -- Those that run too: they are counted.
  if changed and limit_jobs.scope = 'job' then
    update fencepost.jobs as job set is_plain = false where job.name = limit_jobs.name and job.is_plain;
  end if;
  return changed;
end
$$;
