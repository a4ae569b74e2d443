-- Claims jobs of one queue that need a look at others, or jobs of any kind where the queue has a limit, as many as limits and groups let and `most`
-- at most. Everybody who claims such does so under the mutex of the queue, to the end of the transaction, and counts with a snapshot
-- from after it. The token is to be drawn under it too (enter_queues), or one who waits here brings an older one than who was before him.
create or replace function fencepost.claim_careful_jobs(
  session bigint, token bigint, queue text, names text[], most integer
)
  returns setof fencepost.jobs
  language plpgsql
as $$
declare
  chosen bigint[];
begin
  if claim_careful_jobs.most <= 0 or not fencepost.has_careful_jobs(claim_careful_jobs.queue) then
    return;
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'jobs can be claimed in a READ COMMITTED transaction only' using errcode = 'LK002',
      hint = 'The snapshot of this one may miss what others have claimed.';
  end if;
  perform pg_advisory_xact_lock(fencepost.job_key('careful', claim_careful_jobs.queue));
  chosen := fencepost.choose_jobs(
    claim_careful_jobs.session, claim_careful_jobs.queue, claim_careful_jobs.names, claim_careful_jobs.most
  );
  return query
  with claimed as (
    update fencepost.jobs as job
    set state = 'running', token = claim_careful_jobs.token, session = claim_careful_jobs.session,
      claimed_at = clock_timestamp(), attempt = job.attempt + 1
    where job.id = any (array(
      select one.id from fencepost.jobs as one
      where one.id = any (chosen) and one.state = 'ready'
      for update skip locked
    ))
    returning job.*
  ), noted as (
    -- By a clock that is read after claimed_at, so that a rate holds in every interval of claims.
    insert into fencepost.job_starts (scope, name, group_key, begun_at, jobs, expires_at)
    select rule.scope, rule.name, case rule.scope when 'group' then claimed.group_key else '' end,
      fencepost.job_clock(), count(*), fencepost.job_clock() + rule.per
    from claimed
    join fencepost.job_limits as rule on rule.rate is not null
      and rule.name = case rule.scope when 'job' then claimed.name else claimed.queue end
      and (rule.scope <> 'group' or claimed.group_key is not null)
    group by 1, 2, 3, rule.per
  )
  select * from claimed order by claimed.priority, claimed.id;
end
$$;
